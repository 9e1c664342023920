// What does a journal cost? Items that do nothing, without a journal and with one of each durability, side by side.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Durability } from "zmqpipeline";
import { runPipeline } from "./support/pipeline.ts";
import { median, printTable, saveResults, whole } from "./support/report.ts";
import { option, sideBySide } from "./support/rounds.ts";

const ITEMS = option("items", 1_000_000, 50_000);
const ROUNDS = option("rounds", 5, 1);

const folder = mkdtempSync(join(tmpdir(), "zqp-bench-"));
let runs = 0;
const withJournal = (durability: Durability) => () =>
  runPipeline({ items: ITEMS, journal: { path: join(folder, `${runs++}.journal`), durability } });

const contestants = [
  { name: "no journal", run: () => runPipeline({ items: ITEMS }) },
  { name: "process-crash", run: withJournal("process-crash") },
  { name: "power-loss", run: withJournal("power-loss") },
];
const times = await sideBySide(
  ROUNDS,
  contestants.map(({ run }) => run),
);
rmSync(folder, { recursive: true });
const results = contestants.map(({ name }, index) => {
  const ms = times[index] ?? [];
  return { name, items: ITEMS, ms, itemsPerSecond: (ITEMS / median(ms)) * 1000 };
});
const [without] = results;
printTable(
  ["journal", "items/s", "of no journal"],
  results.map(({ name, itemsPerSecond }) => [
    name,
    whole(itemsPerSecond),
    (itemsPerSecond / (without?.itemsPerSecond ?? Number.NaN)).toFixed(2),
  ]),
);
saveResults("journal", results);
