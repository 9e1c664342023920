// How many times as fast as a single process is the example `wordcount` with a worker process for each core? The example measures
// both times: that of its run, the start of the processes included, and that of its proof.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median, printTable, saveResults } from "./support/report.ts";
import { isShort, option } from "./support/rounds.ts";

const ROUNDS = option("rounds", 5, 1);

/** Longest run of the example. */
const DEADLINE_MS = 5 * 60_000;

const example = fileURLToPath(new URL("../examples/wordcount/main.mjs", import.meta.url));
const files = fileURLToPath(new URL(isShort ? "../node_modules/@types" : "../node_modules", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "zqp-bench-"));

const rounds = Array.from({ length: ROUNDS }, () => {
  const output = execFileSync(process.execPath, [example, files, join(folder, "wordcount.json")], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: DEADLINE_MS,
  });
  const [, alone, workers, parallel] =
    /It took (\S+) s; (\d+) worker processes took (\S+) s/.exec(output)?.map(Number) ?? [];
  if (alone === undefined || workers === undefined || parallel === undefined)
    throw new Error(`No proof:\n${output.slice(-1000)}`);
  return { workers, aloneSeconds: alone, parallelSeconds: parallel, speedUp: alone / parallel };
});
rmSync(folder, { recursive: true });
const medianOf = (figure: "aloneSeconds" | "parallelSeconds" | "speedUp") =>
  median(rounds.map((round) => round[figure]));
printTable(
  ["worker processes", "taken", "a single process", "times as fast"],
  [
    [
      String(rounds[0]?.workers),
      `${medianOf("parallelSeconds").toFixed(2)} s`,
      `${medianOf("aloneSeconds").toFixed(2)} s`,
      medianOf("speedUp").toFixed(2),
    ],
  ],
);
saveResults("wordcount", { speedUp: medianOf("speedUp"), rounds });
