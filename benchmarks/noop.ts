// How many items that do nothing pass per second, from end to end, tracked and ACKed? Compared with BullMQ and piscina, and with bare
// PUSH/PULL sockets of zeromq.js, which neither track nor ACK, with one item a message and with as many as this library sends.
import { BATCH_ITEMS } from "../src/protocol/limits.ts";
import { runBullmq } from "./support/bullmq.ts";
import { measure } from "./support/children.ts";
import { runPipeline } from "./support/pipeline.ts";
import { median, printTable, saveResults, whole } from "./support/report.ts";
import { option, sideBySide } from "./support/rounds.ts";

const ITEMS = option("items", 1_000_000, 50_000);
const ROUNDS = option("rounds", 3, 1);

async function bare(batch: number): Promise<number> {
  const { ms } = await measure<{ ms: number }>([
    ["bare-push.ts", ITEMS, batch],
    ["bare-pull.ts", ITEMS, batch],
  ]);
  return ms;
}

const ours = (workers: number) => runPipeline({ items: ITEMS, workers });
const piscina = async (threads: number, items: number) =>
  (await measure<{ ms: number }>([["piscina.ts", items, threads, 0]])).ms;
const bullmq = (workers: number, items: number) => runBullmq({ items, workers, concurrency: 100, sleep: 0 });

/** Slower contestants get fewer items, which still take seconds. */
const [few, fewer] = [Math.ceil(ITEMS / 10), Math.ceil(ITEMS / 40)];
const contestants = [
  { name: "zmqpipeline, 1 worker", items: ITEMS, run: () => ours(1) },
  { name: "zmqpipeline, 2 workers", items: ITEMS, run: () => ours(2) },
  { name: "BullMQ, 1 worker, concurrency 100", items: fewer, run: () => bullmq(1, fewer) },
  { name: "BullMQ, 2 workers, concurrency 100", items: fewer, run: () => bullmq(2, fewer) },
  { name: "piscina, 1 thread", items: few, run: () => piscina(1, few) },
  { name: "piscina, 2 threads", items: few, run: () => piscina(2, few) },
  { name: "bare PUSH/PULL, one item a message", items: ITEMS, run: () => bare(1) },
  {
    name: `bare PUSH/PULL, ${BATCH_ITEMS} items a message`,
    items: ITEMS,
    run: () => bare(BATCH_ITEMS),
  },
];
const times = await sideBySide(
  ROUNDS,
  contestants.map(({ run }) => run),
);
const results = contestants.map(({ name, items }, index) => {
  const ms = times[index] ?? [];
  return { name, items, ms, itemsPerSecond: (items / median(ms)) * 1000 };
});
const best = Math.max(...results.slice(0, 2).map(({ itemsPerSecond }) => itemsPerSecond));
printTable(
  ["items that do nothing", "items/s", "ours is"],
  results.map(({ name, itemsPerSecond }) => [
    name,
    whole(itemsPerSecond),
    `${(best / itemsPerSecond).toFixed(2)} x`,
  ]),
);
saveResults("noop", results);
