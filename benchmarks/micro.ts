// What does an item cost in each part of the hot path? Where Valgrind is installed, callgrind counts instructions, which a busy
// machine does not change. Otherwise the time is measured, relative to a fixed loop in the same process.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { printTable, saveResults, whole } from "./support/report.ts";
import { option } from "./support/rounds.ts";

const FEW = option("few", 20_480, 1024);
const MANY = option("many", 61_440, 4096);
/** Longest run: under callgrind a program is about fifty times slower. */
const DEADLINE_MS = 5 * 60_000;

const names = ["payload encode", "payload decode", "message encode", "message decode", "ledger", "cores"];
const role = fileURLToPath(new URL("./roles/micro.mjs", import.meta.url));
const hasCallgrind = spawnSync("valgrind", ["--version"]).status === 0;

function run(command: string, args: readonly string[]): { readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    timeout: DEADLINE_MS,
  });
  if (status !== 0)
    throw new Error(`${command} ended with ${status}: ${stderr.slice(-500)}`, { cause: error });
  return { stdout, stderr };
}

/** V8 runs in one thread and without random seeds, so that the count is the same each time. */
const STEADY = ["--single-threaded", "--predictable", "--hash-seed=1", "--random-seed=1"];

function instructions(name: string, times: number): number {
  const flags = ["--tool=callgrind", "--callgrind-out-file=/dev/null", process.execPath, ...STEADY];
  const { stderr } = run("valgrind", [...flags, role, name, String(times)]);
  return Number(/Collected : (\d+)/.exec(stderr)?.[1]);
}

const results = names.map((name) => {
  if (hasCallgrind) {
    // The difference leaves out what both runs have in common, such as start and compilation.
    return { name, instructions: (instructions(name, MANY) - instructions(name, FEW)) / (MANY - FEW) };
  }
  const { stdout } = run(process.execPath, [role, name, String(20 * MANY), "timed"]);
  const { ms, fixed } = JSON.parse(stdout) as { ms: number; fixed: number };
  return { name, stepsOfFixedLoop: (ms / fixed) * (20_000_000 / (20 * MANY)) };
});
printTable(
  ["per item", hasCallgrind ? "instructions" : "steps of a fixed loop"],
  results.map(({ name, ...cost }) => [name, whole(Object.values(cost)[0] ?? Number.NaN)]),
);
saveResults("micro", results);
