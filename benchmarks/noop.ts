// How many items that do nothing pass per second, end to end, ACKed and tracked? Beside a bare zeromq.js PUSH/PULL, which
// neither tracks nor ACKs, with single messages and with our batches.
import { BATCH_ITEMS } from "../src/protocol/limits.ts";
import { measure } from "./support/children.ts";
import { runPipeline } from "./support/pipeline.ts";
import { median, printTable, saveResults } from "./support/report.ts";
import { option, sideBySide } from "./support/rounds.ts";

const ITEMS = option("items", 1_000_000);
const ROUNDS = option("rounds", 3);

async function bare(batch: number): Promise<number> {
  const { ms } = await measure<{ ms: number }>([
    ["bare-push.ts", ITEMS, batch],
    ["bare-pull.ts", ITEMS, batch],
  ]);
  return ms;
}

const contestants = [
  { name: "zmqpipeline, 1 worker", run: () => runPipeline({ items: ITEMS }) },
  { name: "zmqpipeline, 2 workers", run: () => runPipeline({ items: ITEMS, workers: 2 }) },
  { name: "bare PUSH/PULL, one item a message", run: () => bare(1) },
  { name: `bare PUSH/PULL, ${BATCH_ITEMS} items a message`, run: () => bare(BATCH_ITEMS) },
];
const times = await sideBySide(
  ROUNDS,
  contestants.map(({ run }) => run),
);
const rates = times.map((ms) => (ITEMS / median(ms)) * 1000);
printTable(
  [`${ITEMS.toLocaleString("en")} no-op items`, "items/s", "ratio"],
  contestants.map(({ name }, index) => [
    name,
    Math.round(rates[index] ?? 0).toLocaleString("en"),
    `${((rates[index] ?? 0) / (rates[0] ?? 1)).toFixed(2)} x`,
  ]),
);
saveResults(
  "noop",
  contestants.map(({ name }, index) => ({ name, ms: times[index], itemsPerSecond: rates[index] })),
);
