// How efficient (ideal over taken) are runs of items that take from nothing to a second, with 1, 2 and 8 workers? The ideal is
// measured in the same round: bare loops side by side, one for each worker, but where items compute at most one for each core.
import { availableParallelism } from "node:os";
import { calibrate } from "./roles/compute.mjs";
import { measureAll, type Program } from "./support/children.ts";
import { runPipeline } from "./support/pipeline.ts";
import { median, printTable, saveResults, whole } from "./support/report.ts";
import { option, sideBySide } from "./support/rounds.ts";

const SECONDS = option("seconds", 5, 0.2);
const ROUNDS = option("rounds", 3, 1);
/** Time in which the processes of the loops have started. */
const START_MS = 1500;

const perMs = calibrate();
/** Durations of an item, in ms. Items of up to 1 ms compute, longer ones sleep. */
const durations = [0, 0.01, 0.1, 1, 10, 100, 1000];

interface Work {
  readonly items: number;
  readonly sleep: number;
  readonly steps: number;
}

/** Runs loops side by side, each with its share of the items. Returns the time of the slowest loop, in ms. */
async function loops({ items, sleep, steps }: Work, parallel: number): Promise<number> {
  const start = Date.now() + START_MS;
  const loop: Program = ["loop.ts", Math.round(items / parallel), sleep, steps, start];
  const times = await measureAll<{ ms: number }>(Array.from({ length: parallel }, () => loop));
  return Math.max(...times.map((time) => time?.ms ?? 0));
}

const contestants = durations.flatMap((duration) =>
  [1, 2, 8].map((workers) => {
    const isSleeping = duration >= 10;
    const parallel = isSleeping ? workers : Math.min(workers, availableParallelism());
    const perWorker = Math.max(2, (SECONDS * 1000) / Math.max(duration, 0.005));
    const work = {
      items: Math.ceil(perWorker) * parallel,
      sleep: isSleeping ? duration : 0,
      steps: isSleeping ? 0 : Math.round(perMs * duration),
    };
    const run = async () => ({
      taken: await runPipeline({ ...work, workers }),
      ideal: duration > 0 ? await loops(work, parallel) : 0,
    });
    return { duration, workers, items: work.items, run };
  }),
);
const measured = await sideBySide(
  ROUNDS,
  contestants.map(({ run }) => run),
);
const results = contestants.map(({ duration, workers, items }, index) => {
  const rounds = measured[index] ?? [];
  return {
    duration,
    workers,
    items,
    rounds,
    efficiency: duration > 0 ? median(rounds.map(({ ideal, taken }) => ideal / taken)) : undefined,
    itemsPerSecond: (items / median(rounds.map(({ taken }) => taken))) * 1000,
  };
});
const name = (ms: number) => (ms >= 1000 ? `${ms / 1000} s` : ms >= 1 ? `${ms} ms` : `${ms * 1000} µs`);
printTable(
  ["items of", "workers", "items/s", "efficiency"],
  results.map(({ duration, workers, itemsPerSecond, efficiency }) => [
    duration === 0 ? "nothing" : name(duration),
    String(workers),
    itemsPerSecond < 100 ? itemsPerSecond.toFixed(1) : whole(itemsPerSecond),
    efficiency?.toFixed(3) ?? "",
  ]),
);
saveResults("durations", results);
