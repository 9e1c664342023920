import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { documents } from "../../scripts/documents.ts";
import { ROOT, snippetsOf } from "./run-snippets.ts";

const run = promisify(execFile);
const TSC = createRequire(import.meta.url).resolve("typescript/bin/tsc");

test("Every TypeScript snippet of the documents compiles with strict settings", async () => {
  const base = join(ROOT, ".snippets");
  mkdirSync(base, { recursive: true });
  const folder = mkdtempSync(join(base, "types"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  let count = 0;
  for (const [index, document] of documents().entries()) {
    for (const [number, { language, info, code }] of snippetsOf(document).entries()) {
      if (language !== "ts" && language !== "mts") continue;
      // The files of a document belong together; every other snippet stands alone.
      const name = info.startsWith("file=") ? basename(info.slice("file=".length)) : `snippet-${number}.ts`;
      mkdirSync(join(folder, `${index}`), { recursive: true });
      writeFileSync(join(folder, `${index}`, name), code);
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(2);
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions,
      include: ["**/*.ts", "**/*.mts"],
    }),
  );
  const compiled = run(process.execPath, [TSC, "-p", folder], { cwd: folder, timeout: 60_000 }).catch(
    (error: { readonly stdout: string }) => error,
  );
  expect((await compiled).stdout).toBe("");
});
