import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { newItem } from "../../src/core/distributor/item.ts";
import { PipelineError, readJournal } from "../../src/index.ts";
import { parseOwner } from "../../src/journal/lock-owner.ts";
import { type OpenJournal, openJournal } from "../../src/journal/open-journal.ts";
import { ERROR } from "./journalled-ledger.ts";

/** Opens a journal with the task `a`, or others. */
export function open(
  path: string,
  options: { keep?: boolean } = {},
  tasks: readonly string[] = ["a"],
): OpenJournal {
  return openJournal(
    { path, durability: "process-crash", retryFailed: false, keep: false, ...options },
    tasks,
  );
}

/** Produces items and has some of them collected, a block of the file for each. */
export function work({ journal, tasks }: OpenJournal, items: number, collected = items): void {
  const task = journal.taskJournal("a");
  const first = tasks.get("a")?.nextSeq ?? 0;
  for (let seq = first; seq < first + items; seq++) {
    task.produced({ seq, payload: Buffer.from(`payload ${seq}`) } as never, undefined);
    commit(journal);
    if (seq >= first + collected) continue;
    task.settled([seq], "acked");
    commit(journal);
  }
}

/** Has one item fail for good, which the collector knows. */
export function failOne({ journal, tasks }: OpenJournal): void {
  const task = journal.taskJournal("a");
  const seq = tasks.get("a")?.nextSeq ?? 0;
  const item = newItem(seq, Buffer.from("payload"));
  task.produced(item, undefined);
  task.gaveUp(item, ERROR);
  task.settled([seq], "failed");
  commit(journal);
}

function commit(journal: OpenJournal["journal"]): void {
  journal.commit((error) => {
    if (error !== undefined) throw error;
  });
}

/** A process that works with a journal and stops. */
export function life(path: string, items: number, collected = items): void {
  const opened = open(path);
  work(opened, items, collected);
  opened.close();
}

/** A process that works with a journal and is killed: a copy of its files has the lock of a process that is gone. */
export function killedLife(path: string, items: number, collected = items): void {
  const opened = open(path);
  work(opened, items, collected);
  const lock = readFileSync(`${path}.lock`, "utf8");
  const [head = "", ...note] = lock.split("\n");
  const aside = join(dirname(path), `aside-${basename(path)}`);
  copyFileSync(path, aside);
  opened.close();
  copyFileSync(aside, path);
  const dead = JSON.stringify({ ...parseOwner(head), pid: 999_999_999 });
  writeFileSync(`${path}.lock`, [dead, ...note].join("\n"));
}

/** How many items a journal has, how many of them are collected, and how many are to be executed. */
export function countsOf(path: string): readonly [items: number, acked: number, pending: number] {
  const { items = 0, acked = 0, pending = 0 } = readJournal(path).tasks.a ?? {};
  return [items, acked, pending];
}

/** The error that an action ends with. */
export function errorOf(action: () => unknown): PipelineError {
  try {
    action();
  } catch (error) {
    if (error instanceof PipelineError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown");
}
