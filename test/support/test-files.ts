import { existsSync, readdirSync, readFileSync } from "node:fs";

/**
 * Returns the patterns as they are.
 *
 * @throws Error when a file or folder that a pattern names does not exist: a file that was moved would lose its setting in silence.
 */
export function existing(patterns: readonly string[]): string[] {
  for (const pattern of patterns) {
    for (const path of alternatives(pattern)) {
      const fixed = path.replace(/\/[^/]*\*.*$/, "");
      if (!existsSync(fixed))
        throw new Error(`vitest.config.ts names "${pattern}", but there is no ${fixed}`);
    }
  }
  return [...patterns];
}

/** The test files that mark single tests with `long`. */
export function partlyLongFiles(): string[] {
  const files = readdirSync("test", { recursive: true, encoding: "utf8" });
  const tests = files.filter((file) => file.endsWith(".test.ts")).map((file) => `test/${file}`);
  return tests.filter((file) => readFileSync(file, "utf8").includes('support/long.ts"'));
}

/** Each choice of a pattern with lists in braces, such as `test/{a,b}.ts`. */
function alternatives(pattern: string): string[] {
  const [whole, list] = /\{([^{}]*)\}/.exec(pattern) ?? [];
  if (whole === undefined || list === undefined) return [pattern];
  return list.split(",").flatMap((choice) => alternatives(pattern.replace(whole, choice)));
}
