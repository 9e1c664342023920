// What do a million keys cost: to hash and look up, in memory, in the journal's file, and at the start of the next run?
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ItemKeys } from "../src/distributor/item-keys.ts";
import { openJournal } from "../src/journal/open-journal.ts";
import { printTable, saveResults, whole } from "./support/report.ts";
import { option } from "./support/rounds.ts";

const KEYS = option("keys", 1_000_000, 50_000);

const folder = mkdtempSync(join(tmpdir(), "zqp-bench-"));
const path = join(folder, "keys.journal");
const open = () =>
  openJournal(
    { path, durability: "process-crash", retryFailed: false, keep: true },
    ["files"],
    new Set(["files"]),
  );
const task = { key: ({ path }: { path: string }) => path, taskType: { name: "files" } };
const payload = Buffer.alloc(20);

/** Bytes of memory that this process uses after a garbage collection. */
function memory(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const before = memory();
const first = open();
const { keys } = first.tasks.get("files") ?? {};
if (keys === undefined) throw new Error("The journal has no such task");
const items = new ItemKeys(task as never, keys);
const log = first.journal.taskJournal("files");
let begun = performance.now();
for (let seq = 0; seq < KEYS; seq++) {
  const hash = items.hashOf({ path: `/data/2026/11/${seq % 30}/measurement-${seq}.json` }, seq);
  if (!items.isNew(hash)) continue;
  items.add(hash);
  log.produced({ seq, payload } as never, hash);
  log.settled([seq], "acked");
  if (seq % 512 === 511) first.journal.commit(() => {});
}
log.exhausted(0);
const producing = performance.now() - begun;
const bytes = memory() - before;
first.close();
const logBytes = statSync(path).size;
begun = performance.now();
open().close();
const reading = performance.now() - begun;
begun = performance.now();
const second = open();
const opening = performance.now() - begun;
const compacted = statSync(path).size;
const known = second.tasks.get("files")?.keys;
if (known === undefined) throw new Error("The journal has no such task");
const again = new ItemKeys(task as never, known);
begun = performance.now();
for (let seq = 0; seq < KEYS; seq++)
  again.isNew(again.hashOf({ path: `/data/2026/11/${seq % 30}/measurement-${seq}.json` }, seq));
const skipping = performance.now() - begun;
if (again.skipped !== KEYS) throw new Error(`${again.skipped} of ${KEYS} keys were known`);
second.close();
rmSync(folder, { recursive: true });

const results = { keys: KEYS, producing, reading, opening, skipping, bytes, logBytes, compacted };
printTable(
  ["what", "of a million keys", "each"],
  [
    ["memory", `${(bytes / 1e6).toFixed(1)} MB`, `${(bytes / KEYS).toFixed(1)} bytes`],
    ["file, compacted", `${(compacted / 1e6).toFixed(1)} MB`, `${(compacted / KEYS).toFixed(1)} bytes`],
    [
      "hashing, looking up and writing",
      `${whole(producing)} ms`,
      `${((producing / KEYS) * 1000).toFixed(2)} µs`,
    ],
    ["start from the run's log", `${whole(reading)} ms`, `${((reading / KEYS) * 1000).toFixed(2)} µs`],
    ["start from a compacted file", `${whole(opening)} ms`, `${((opening / KEYS) * 1000).toFixed(2)} µs`],
    ["skipping known keys", `${whole(skipping)} ms`, `${((skipping / KEYS) * 1000).toFixed(2)} µs`],
  ],
);
saveResults("journal-keys", results);
