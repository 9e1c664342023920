// How fast are programs as workers beside GNU parallel (apt-get install parallel)? Lines through two Python programs, beside `parallel --pipe`; and a
// program for each line, beside `parallel` with one process a line. Whole commands, their start included; both sides in each round.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median, printTable, saveResults } from "./support/report.ts";
import { isShort, option } from "./support/rounds.ts";

const ROUNDS = option("rounds", 3, 1);
const LINES = option("lines", 100_000, 2000);
const EACH = option("each", 500, 20);

/** Longest run of one command. */
const DEADLINE_MS = 5 * 60_000;

const LENGTHS = `
import sys
for line in sys.stdin:
    print(len(line.rstrip("\\n")), flush=True)
`;

const WORKER = `
import json, sys
print(json.dumps({"ready": True, "concurrency": int(sys.argv[1])}), flush=True)
for line in sys.stdin:
    item = json.loads(line)
    print(json.dumps({"id": item["id"], "result": len(item["data"])}), flush=True)
`;

const folder = mkdtempSync(join(tmpdir(), "zqp-bench-"));
const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const lengths = write("lengths.py", LENGTHS);
const worker = write("worker.py", WORKER);
const linesOf = (count: number) => Array.from({ length: count }, (_, n) => `line ${n}\n`).join("");
const many = write("many", linesOf(LINES));
const few = write("few", linesOf(EACH));
const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const map = (...args: string[]) => [
  process.execPath,
  main,
  "map",
  "--lines",
  "--quiet",
  "--workers",
  "2",
  ...args,
];

const SIDES = [
  { name: "lines, one at a time", count: LINES, input: many, args: map("--command", `python3 ${worker} 1`) },
  {
    name: "lines, 100 in the pipe",
    count: LINES,
    input: many,
    args: map("--command", `python3 ${worker} 100`),
  },
  {
    name: "parallel --pipe -N 1000",
    count: LINES,
    input: many,
    args: ["parallel", "--will-cite", "-j2", "--pipe", "-N", "1000", "python3", lengths],
  },
  { name: "a program for each", count: EACH, input: few, args: map("--raw", "--exec", "printf %s {}") },
  {
    name: "parallel, a process for each",
    count: EACH,
    input: few,
    args: ["parallel", "--will-cite", "-j2", "printf %s'\\n' {}"],
  },
];

const rounds = Array.from({ length: ROUNDS }, () =>
  SIDES.map(({ name, count, input, args }) => {
    const [file = "", ...rest] = args;
    const began = performance.now();
    const output = execFileSync(file, rest, {
      input: readFileSync(input),
      encoding: "utf8",
      stdio: ["pipe", "pipe", "inherit"],
      timeout: DEADLINE_MS,
      maxBuffer: 1 << 28,
    });
    const seconds = (performance.now() - began) / 1000;
    const printed = output.split("\n").length - 1;
    if (printed !== count) throw new Error(`${name} printed ${printed} lines of ${count}`);
    return { name, perSecond: count / seconds };
  }),
);
rmSync(folder, { recursive: true });
const medians = SIDES.map(({ name }) => ({
  name,
  perSecond: median(rounds.flat().flatMap((side) => (side.name === name ? [side.perSecond] : []))),
}));
printTable(
  ["with two programs", "items a second"],
  medians.map(({ name, perSecond }) => [name, Math.round(perSecond).toLocaleString("en")]),
);
if (!isShort)
  console.log(
    `load: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(", ")}`,
  );
saveResults("commands", { lines: LINES, each: EACH, loadAverage: loadavg(), medians, rounds });
