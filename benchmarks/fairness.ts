// Does an item wait while a worker is idle? With one worker that is ten times slower, with few long items, and with one long item
// before many short ones.
import { measureAll, type Program } from "./support/children.ts";
import { median, printTable, saveResults } from "./support/report.ts";
import { option, sideBySide } from "./support/rounds.ts";

const ROUNDS = option("rounds", 3, 1);

/** `sleeps`: how long each item blocks, in ms. `slowness`: how many times as long items take on the first worker. `ideal`: in ms. */
const scenarios = [
  {
    name: "550 items of 10 ms, 2 workers, one of them 10 times slower",
    sleeps: Array.from({ length: 550 }, () => 10),
    workers: 2,
    slowness: 10,
    ideal: 5000,
  },
  {
    name: "8 items of 1 s, 4 workers",
    sleeps: Array.from({ length: 8 }, () => 1000),
    workers: 4,
    slowness: 1,
    ideal: 2000,
  },
  {
    name: "one item of 2 s, then 600 of 10 ms, 4 workers",
    sleeps: [2000, ...Array.from({ length: 600 }, () => 10)],
    workers: 4,
    slowness: 1,
    ideal: 2000,
  },
  {
    name: "200 items of 10 to 200 ms, 4 workers",
    // The same sequence each time, without a pattern.
    sleeps: Array.from({ length: 200 }, (_, n) => 10 + ((n * 7919) % 191)),
    workers: 4,
    slowness: 1,
    ideal: Array.from({ length: 200 }, (_, n) => 10 + ((n * 7919) % 191)).reduce((a, b) => a + b) / 4,
  },
];

async function run({ sleeps, workers, slowness }: (typeof scenarios)[0]): Promise<number> {
  const others = Array.from({ length: workers - 1 }, (): Program => ["worker.ts"]);
  const distributor: Program = ["sleeps-distributor.ts", workers, ...sleeps];
  const outputs = await measureAll<{ ms: number }>([
    ["collector.ts"],
    ["worker.ts", slowness],
    ...others,
    distributor,
  ]);
  return outputs.at(-1)?.ms ?? Number.NaN;
}

const times = await sideBySide(
  ROUNDS,
  scenarios.map((scenario) => () => run(scenario)),
);
const results = scenarios.map(({ name, ideal }, index) => ({ name, ideal, ms: times[index] ?? [] }));
printTable(
  ["", "ideal", "taken", "over"],
  results.map(({ name, ideal, ms }) => [
    name,
    `${(ideal / 1000).toFixed(2)} s`,
    `${(median(ms) / 1000).toFixed(2)} s`,
    `${((median(ms) / ideal - 1) * 100).toFixed(1)} %`,
  ]),
);
saveResults("fairness", results);
