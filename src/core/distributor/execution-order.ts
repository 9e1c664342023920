import { itemNumber } from "../../protocol/generation.ts";
import { ageText } from "../explanation.ts";
import type { Item } from "./item.ts";
import type { TaskLedger } from "./task-ledger.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** A worker that has ended nothing for this long executes its oldest items now, in ms: results are sent at least every 100 ms. */
const SETTLED_MS = 200;

/** Most items, and most workers, that a sentence names. */
const NAMED = 3;

/** Most workers that are looked at for it: each look goes through all items of the task. */
const LOOKED_AT = 10;

/** What a worker executes now, if that is known. */
interface Running {
  readonly items: readonly Item[];
  /** Items that wait at the worker for these to end. */
  readonly waiting: readonly Item[];
  /** For how long the worker has executed them, in ms. */
  readonly ageMs: number;
}

/**
 * What a worker executes, and what waits behind that. A worker executes items in the order in which they were granted, so it executes the
 * oldest ones. While results arrive all the time, the oldest items may be executed already: then the answer is `undefined`.
 */
export function runningAt(task: TaskLedger, worker: WorkerRecord, now: number): Running | undefined {
  const { phase, concurrency, progressAt, held } = worker;
  if (held === 0) return undefined;
  const all = task
    .heldBy(worker)
    .sort((one, other) => one.grantedAt - other.grantedAt || one.seq - other.seq);
  // Sets: both lists may have as many entries as a worker has items.
  const reported = phase.kind === "blocked" || phase.kind === "silent" ? new Set(phase.running) : undefined;
  const isRunning =
    reported === undefined
      ? (_item: Item, index: number) => index < concurrency
      : ({ seq }: Item) => reported.has(seq);
  const items = all.filter(isRunning);
  const [first] = items;
  if (first === undefined) return undefined;
  const ageMs = now - Math.max(progressAt, first.grantedAt);
  if (reported === undefined && ageMs < SETTLED_MS) return undefined;
  const executed = new Set(items);
  return { items, waiting: all.filter((item) => !executed.has(item)), ageMs };
}

/** The ids of items within their run: `square/7`. */
export function namesOf(task: TaskLedger, items: readonly Item[]): string[] {
  return items.map(({ seq }) => `${task.name}/${itemNumber(seq)}`);
}

/** Says what keeps the task's workers from taking another item; empty if one has room, or it is not known. */
export function busyText(task: TaskLedger, now: number): string {
  if (task.withRoom.size > 0) return "";
  const parts: string[] = [];
  let looked = 0;
  for (const worker of task.workers) {
    if (parts.length === NAMED || looked++ === LOOKED_AT) break;
    const running = runningAt(task, worker, now);
    if (running !== undefined)
      parts.push(
        `${worker.id} has been busy with ${listText(namesOf(task, running.items))} for ${ageText(running.ageMs)}`,
      );
  }
  if (parts.length === 0) return "";
  const more = task.workers.size > parts.length ? " …" : "";
  return `Worker ${parts.join(", worker ")}${more}.`;
}

/** `a`, `a and b`, `a, b, c and 2 more`. */
export function listText(names: readonly string[]): string {
  const more = names.length - NAMED;
  const shown = more > 0 ? [...names.slice(0, NAMED), `${more} more`] : names;
  const last = shown.at(-1) ?? "";
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(", ")} and ${last}`;
}
