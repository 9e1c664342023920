import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { withPostgres } from "../../examples/support/postgres.ts";
import { ERROR_CODES } from "../../src/index.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LOADER = import.meta.resolve("tsx");

interface Snippet {
  readonly language: string;
  /** `file=NAME`: saved beside the others; `run`: a shell command over the saved files. */
  readonly info: string;
  readonly code: string;
  /** The text block right behind it. */
  readonly output: string | undefined;
}

function snippetsOf(path: string): Snippet[] {
  const text = readFileSync(path, "utf8");
  const blocks = [...text.matchAll(/^```(\w+)(.*)\n([\s\S]*?)^```\n/gm)];
  return blocks.map((block, index) => {
    const next = blocks[index + 1];
    const end = block.index + block[0].length;
    const isOutput = next?.[1] === "text" && text.slice(end, next.index).trim() === "";
    return {
      language: block[1] ?? "",
      info: (block[2] ?? "").trim(),
      code: block[3] ?? "",
      output: isOutput ? next?.[3] : undefined,
    };
  });
}

/** A folder inside the package, where `zmqpipeline` resolves to the built library as it does for users. */
function folder(): string {
  const base = join(ROOT, ".snippets");
  mkdirSync(base, { recursive: true });
  const path = mkdtempSync(join(base, "s"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

const documents = [
  "README.md",
  "SECURITY.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

describe.each(documents)("%s", (document) => {
  const snippets = snippetsOf(join(ROOT, document));
  const alone = snippets.filter(({ language, info }) => /^(js|ts)$/.test(language) && info === "");
  const files = snippets.filter(({ info }) => info.startsWith("file="));

  if (alone.length > 0)
    test("each snippet runs, and prints what it says", async () => {
      for (const { language, code, output } of alone) {
        const cwd = folder();
        const file = join(cwd, language === "ts" ? "snippet.ts" : "snippet.mjs");
        writeFileSync(file, code);
        const { stdout } = await run(
          process.execPath,
          [...(language === "ts" ? ["--import", LOADER] : []), file],
          { cwd, timeout: 20_000 },
        );
        if (output !== undefined) expect(stdout).toBe(output);
      }
    });

  if (files.length > 0)
    test("its files run together", async () => {
      const cwd = folder();
      for (const { info, code } of files)
        writeFileSync(join(cwd, basename(info.slice("file=".length))), code);
      for (const { code, output } of snippets.filter(({ info }) => info === "run")) {
        const stdout = code.includes("$DATABASE_URL")
          ? await withPostgres(({ url }) => runGroup(code, cwd, { DATABASE_URL: url }))
          : await runGroup(code, cwd);
        expect(output, `what is printed by ${code}`).toBeDefined();
        // Processes that run side by side may print in any order.
        expect(linesOf(stdout)).toEqual(linesOf(output ?? ""));
      }
    });

  test("links lead to files that exist", () => {
    const text = readFileSync(join(ROOT, document), "utf8");
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) {
      expect(() => readFileSync(join(ROOT, document, "..", target))).not.toThrow();
    }
  });
});

/** In any order; a run's id is another each time. */
function linesOf(text: string): string[] {
  return text
    .trim()
    .replace(/\b[0-9a-f]{16}\b/g, "RUN")
    .split("\n")
    .sort();
}

/** Runs a shell command, and ends whatever of it is still there: also what it put into the background. */
async function runGroup(command: string, cwd: string, env: Record<string, string> = {}): Promise<string> {
  const child = spawn("sh", ["-c", command], {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const endAll = () => {
    try {
      process.kill(-(child.pid ?? 0), "SIGKILL");
    } catch {
      // nothing is left
    }
  };
  const deadline = setTimeout(endAll, 25_000);
  try {
    return await text(child.stdout);
  } finally {
    clearTimeout(deadline);
    endAll();
  }
}

test("docs/errors.md has every code, and no others", () => {
  const text = readFileSync(join(ROOT, "docs/errors.md"), "utf8");
  const listed = [...text.matchAll(/^\| `([A-Z_]+)` \| ([^|]+)\. \|/gm)].map(([, code, meaning]) => [
    code,
    meaning,
  ]);
  expect(Object.fromEntries(listed)).toEqual(ERROR_CODES);
});

test("the quick start has at most 15 lines", () => {
  const [worker, main] = snippetsOf(join(ROOT, "README.md")).filter(({ language }) => language === "js");
  expect(`${worker?.code}${main?.code}`.trim().split("\n").length).toBeLessThanOrEqual(15);
});
