import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const FOLDER = fileURLToPath(new URL("../../benchmarks/", import.meta.url));
const LOADER = import.meta.resolve("tsx");

// Those that need a server or an hour are run by `npm run bench:short`.
test.each([
  ["memory", /^10,000( +\d+ MiB){3} +[\d,]+\n100,000( +\d+ MiB){3} +[\d,]+\n$/m],
  ["journal", /^process-crash +[\d,]+ +[\d.]+\npower-loss +[\d,]+ +[\d.]+$/m],
])("a short run of %s prints its table, and saves nothing", async (name, table) => {
  const results = `${FOLDER}results/${name}.json`;
  const before = readFileSync(results, "utf8");
  const { stdout } = await run(process.execPath, ["--import", LOADER, `${FOLDER}${name}.ts`, "--short"]);
  expect(stdout).toMatch(table);
  expect(readFileSync(results, "utf8")).toBe(before);
});
