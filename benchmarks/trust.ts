// What does trust "assigned" cost? Items that do nothing, and items of 10 ms, with both kinds of trust side by side.
import { runPipeline } from "./support/pipeline.ts";
import { rates } from "./support/rates.ts";
import { printTable, saveResults, whole } from "./support/report.ts";
import { option } from "./support/rounds.ts";

const ROUNDS = option("rounds", 5, 1);
/** Share of the items below: all of them take one to five seconds for each load. */
const SHARE = option("share", 1, 0.03);

const loads = [
  { name: "nothing", items: 1_000_000, workers: 1, sleep: 0 },
  { name: "nothing", items: 1_000_000, workers: 2, sleep: 0 },
  { name: "10 ms", items: 1000, workers: 2, sleep: 10 },
].map((load) => ({ ...load, items: Math.ceil(load.items * SHARE) }));

const contestants = loads.flatMap((load) =>
  (["any", "assigned"] as const).map((trust) => ({
    ...load,
    trust,
    run: () => runPipeline({ ...load, trust }),
  })),
);
const results = await rates(ROUNDS, contestants);
printTable(
  ["items of", "workers", "trust", "items/s", "of any"],
  results.map(({ name, workers, trust, itemsPerSecond }) => {
    const any = results.find((other) => other.name === name && other.workers === workers);
    return [
      name,
      String(workers),
      trust,
      whole(itemsPerSecond),
      (itemsPerSecond / (any?.itemsPerSecond ?? Number.NaN)).toFixed(2),
    ];
  }),
);
saveResults("trust", results);
