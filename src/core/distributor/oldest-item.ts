import type { Item } from "./item.ts";
import type { TaskLedger } from "./task-ledger.ts";

/** An item that a worker has. */
export interface RunningItem {
  /** Its number, counted from 0. */
  readonly seq: number;
  /** The number of the execution, counted from 1. */
  readonly attempt: number;
  readonly workerId: string;
  /** How long ago it was given to that worker, in ms. */
  readonly age: number;
}

/** The item of a task that has been with its worker for the longest time; `undefined` when no worker has any. */
export function oldestItem({ items, workers }: TaskLedger, now: number): RunningItem | undefined {
  if (![...workers].some(({ held }) => held > 0)) return undefined;
  const found: { oldest?: Item } = {};
  items.forEach((item) => {
    const isOlder = found.oldest === undefined || item.grantedAt < found.oldest.grantedAt;
    if (isOlder && item.place.at === "worker") found.oldest = item;
  });
  const { oldest } = found;
  if (oldest?.place.at !== "worker") return undefined;
  const { seq, attempt, grantedAt, place } = oldest;
  return { seq, attempt, workerId: place.worker.id, age: Math.max(0, Math.round(now - grantedAt)) };
}
