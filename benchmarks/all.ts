// Runs all benchmarks, one after another, and draws the charts. --short takes minutes, and only shows that everything works.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isShort } from "./support/rounds.ts";

const names = [
  "overhead",
  "noop",
  "threads",
  "service",
  "journal",
  "journal-keys",
  "payloads",
  "decoding",
  "security",
  "trust",
  "watching",
  "durations",
  "fairness",
  "scale",
  "memory",
  "latency",
  "wordcount",
  "commands",
  "python",
  "micro",
  // A short run saves no results to draw.
  ...(isShort ? [] : ["charts"]),
];
const failed = names.filter((name) => {
  console.log(`\n# ${name}`);
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, ["--import", "tsx", file, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  return status !== 0;
});
if (failed.length > 0) {
  console.error(`Failed: ${failed.join(", ")}`);
  process.exitCode = 1;
}
