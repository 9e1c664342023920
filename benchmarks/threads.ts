// How many items per second does one worker with 1, 2 and 4 threads execute? Compared with piscina, run() called for each item, with as many threads.
import { calibrate } from "./roles/compute.mjs";
import { measure } from "./support/children.ts";
import { runPipeline } from "./support/pipeline.ts";
import { rates } from "./support/rates.ts";
import { printTable, saveResults } from "./support/report.ts";
import { option } from "./support/rounds.ts";

const SECONDS = option("seconds", 4, 0.5);
const ROUNDS = option("rounds", 3, 1);

const perMs = calibrate();

/** `steps`: how many steps an item computes. `perSecond`: about how many items one thread executes in a second. */
const works = [
  { name: "no-op", steps: 0, perSecond: 100_000 },
  { name: "100 µs", steps: Math.round(perMs / 10), perSecond: 9_000 },
  { name: "1 ms", steps: perMs, perSecond: 950 },
];

const contestants = works.flatMap(({ name, steps, perSecond }) =>
  [1, 2, 4].flatMap((threads) => {
    const items = Math.round(SECONDS * perSecond * Math.min(threads, steps > 0 ? 2 : 1));
    return [
      {
        work: name,
        threads,
        items,
        library: "zmqpipeline",
        run: () => runPipeline({ items, steps, threads }),
      },
      {
        work: name,
        threads,
        items,
        library: "piscina",
        run: async () => (await measure<{ ms: number }>([["piscina.ts", items, threads, steps]])).ms,
      },
    ];
  }),
);
const results = await rates(ROUNDS, contestants);
printTable(
  ["items of", "threads", "zmqpipeline/s", "piscina/s", "ratio"],
  results
    .filter(({ library }) => library === "zmqpipeline")
    .map(({ work, threads, itemsPerSecond }) => {
      const peer = results.find(
        (each) => each.library === "piscina" && each.work === work && each.threads === threads,
      );
      const rate = (value: number) => Math.round(value).toLocaleString("en");
      const theirs = peer?.itemsPerSecond ?? Number.NaN;
      return [
        work,
        String(threads),
        rate(itemsPerSecond),
        rate(theirs),
        `${(itemsPerSecond / theirs).toFixed(2)} x`,
      ];
    }),
);
saveResults("threads", results);
