import { BATCH_BYTES, BATCH_ITEMS } from "../protocol/limits.ts";
import type { ItemPayload } from "../protocol/message.ts";
import type { Item } from "./item.ts";
import type { TaskState } from "./task-state.ts";
import type { WorkerEntry } from "./worker-entry.ts";

/** Not worth calling back what a worker will have finished before the recall has gone round, in ms. */
const RECALL_MIN_MS = 5;

export interface GrantSink {
  grant(worker: WorkerEntry, items: readonly ItemPayload[], solo: boolean): void;
  recall(worker: WorkerEntry, count: number): void;
}

/**
 * Gives a task's workers what they have room for: first one item per free execution slot all round, so that nobody idles
 * while another has a queue; then up to the windows. When nothing is left to give, work is called back from the longest
 * queue for those who idle.
 */
export function dispatch(task: TaskState, now: number, sink: GrantSink): void {
  if (task.phase === "blocked" || task.phase === "complete") return;
  if (!task.hasSuspects) task.draining.clear();
  const supply = serve(task, now, sink, (worker) => Math.min(worker.concurrency, worker.window.size));
  if (supply) serve(task, now, sink, (worker) => worker.window.size);
  if (task.hungry.size > 0) recall(task, now, sink);
}

/** False when the supply ran out before every hungry worker was served. */
function serve(
  task: TaskState,
  now: number,
  sink: GrantSink,
  limit: (worker: WorkerEntry) => number,
): boolean {
  for (const worker of task.hungry) {
    if (task.hasSuspects && quarantine(task, worker, now, sink)) continue;
    if (!fill(task, worker, limit(worker), now, sink)) {
      // What is queued is only kept from this worker, on which it has failed.
      if (task.hasQueued) continue;
      return false;
    }
    if (!worker.hasRoom(worker.window.size)) task.hungry.delete(worker);
  }
  return true;
}

/**
 * Suspects go out alone: to a worker that is empty, or to one that is kept from filling up until it is. Only as many
 * workers are kept so as there are suspects. True when this worker must get nothing else now.
 */
function quarantine(task: TaskState, worker: WorkerEntry, now: number, sink: GrantSink): boolean {
  if (worker.held > 0) {
    if (!task.draining.has(worker) && task.draining.size >= task.suspects.size) return false;
    task.draining.add(worker);
    return true;
  }
  const item = task.nextSuspect();
  if (item === undefined) return false;
  task.draining.delete(worker);
  task.hungry.delete(worker);
  sink.grant(worker, [granted(task, item, worker, now)], true);
  worker.suspect = item;
  return true;
}

function fill(task: TaskState, worker: WorkerEntry, limit: number, now: number, sink: GrantSink): boolean {
  let batch: ItemPayload[] = [];
  let bytes = 0;
  const flush = () => {
    if (batch.length > 0) sink.grant(worker, batch, false);
    batch = [];
    bytes = 0;
  };
  while (worker.hasRoom(limit)) {
    const item = task.next(worker, limit - worker.held, now);
    if (item === undefined) {
      flush();
      return false;
    }
    batch.push(granted(task, item, worker, now));
    bytes += item.payload.length;
    if (batch.length >= BATCH_ITEMS || bytes >= BATCH_BYTES) flush();
  }
  flush();
  return true;
}

function granted(task: TaskState, item: Item, worker: WorkerEntry, now: number): ItemPayload {
  item.attempt += 1;
  item.grantedAt = Math.trunc(now); // a small integer costs no memory of its own
  item.isRestored = false;
  task.move(item, worker.place);
  return { seq: item.seq, attempt: item.attempt, payload: item.payload };
}

/** Calls half of the longest queue back for workers that have nothing to do. */
function recall(task: TaskState, now: number, sink: GrantSink): void {
  if (now < task.nextRecall || task.hasQueued) return;
  let idle = 0;
  for (const worker of task.hungry) if (worker.held === 0) idle += 1;
  if (idle === 0) return;
  let longest: WorkerEntry | undefined;
  let longestMs = RECALL_MIN_MS;
  for (const worker of task.workers) {
    const waiting = worker.held - worker.concurrency;
    const ms = (waiting * worker.window.service) / worker.concurrency;
    if (worker.phase.kind === "ready" && !worker.recalled && waiting > 0 && ms > longestMs) {
      longest = worker;
      longestMs = ms;
    }
  }
  if (longest === undefined) return;
  longest.recalled = true;
  sink.recall(longest, Math.ceil((longest.held - longest.concurrency) / 2));
}
