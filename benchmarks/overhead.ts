// How much longer than the ideal do items of 10 ms take? Compared with a sequential loop and BullMQ in the same run.
import { runSequentially } from "../examples/sequential/main.ts";
import { runBullmq } from "./support/bullmq.ts";
import { runPipeline } from "./support/pipeline.ts";
import { median, printTable, saveResults } from "./support/report.ts";
import { option, sideBySide } from "./support/rounds.ts";

const ITEMS = option("items", 1000, 100);
const ROUNDS = option("rounds", 3, 1);
const SLEEP_MS = 10;

const contestants = [
  { name: "sequential loop", workers: 1, run: async () => runSequentially(ITEMS) },
  { name: "1 worker", workers: 1, run: () => runPipeline({ items: ITEMS, sleep: SLEEP_MS }) },
  { name: "2 workers", workers: 2, run: () => runPipeline({ items: ITEMS, workers: 2, sleep: SLEEP_MS }) },
  {
    name: "1 worker with 10 threads",
    workers: 10,
    run: () => runPipeline({ items: 10 * ITEMS, threads: 10, sleep: SLEEP_MS }),
  },
  {
    name: "2 workers with 10 threads each",
    workers: 20,
    run: () => runPipeline({ items: 20 * ITEMS, workers: 2, threads: 10, sleep: SLEEP_MS }),
  },
  ...[1, 2].map((workers) => ({
    name: `BullMQ, ${workers} worker${workers === 1 ? "" : "s"}`,
    workers,
    run: () => runBullmq({ items: ITEMS, workers, concurrency: 1, sleep: SLEEP_MS }),
  })),
];
const times = await sideBySide(
  ROUNDS,
  contestants.map(({ run }) => run),
);
const overhead = contestants.map(({ workers }, index) => {
  // Each thread gets as many items as the loop. Two single-threaded workers share as many.
  const ideal = workers === 2 ? (ITEMS * SLEEP_MS) / 2 : ITEMS * SLEEP_MS;
  return (median(times[index] ?? []) / ideal - 1) * 100;
});
printTable(
  [`${ITEMS} items of ${SLEEP_MS} ms`, "overhead", "above the loop"],
  contestants.map(({ name }, index) => [
    name,
    `${overhead[index]?.toFixed(2)} %`,
    index === 0 ? "" : `${((overhead[index] ?? 0) - (overhead[0] ?? 0)).toFixed(2)} points`,
  ]),
);
saveResults(
  "overhead",
  contestants.map(({ name }, index) => ({ name, ms: times[index], overhead: overhead[index] })),
);
