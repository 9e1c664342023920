import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { ROOT, snippetsOf } from "../docs/run-snippets.ts";
import { ended, startProgram } from "../support/command.ts";

test("The guide's test passes in Vitest", async () => {
  // In the package, so that `zmqpipeline/testing` resolves to the built library.
  const base = join(ROOT, ".snippets");
  mkdirSync(base, { recursive: true });
  const folder = mkdtempSync(join(base, "v"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const { info, code } of snippetsOf("docs/guides/testing.md"))
    if (info.startsWith("file=")) writeFileSync(join(folder, info.slice("file=".length)), code);
  writeFileSync(join(folder, "vitest.config.mjs"), "export default {};\n"); // not that of the repository
  const vitest = fileURLToPath(new URL("./vitest.mjs", import.meta.resolve("vitest/package.json")));
  const program = startProgram([vitest, "run", "--root", folder, "vitest-orders"]);
  const { code, out } = await ended(program);
  expect(out).toMatch(/Tests .*1 passed/);
  expect(code).toBe(0);
});
