import type { ItemPayload } from "../../protocol/batch-message.ts";
import { BATCH_BYTES, BATCH_ITEMS } from "../../protocol/limits.ts";
import type { Item } from "./item.ts";
import { recallForIdle } from "./recall.ts";
import type { TaskLedger } from "./task-ledger.ts";
import type { WorkerRecord } from "./worker-record.ts";

export interface GrantPort {
  grant(worker: WorkerRecord, items: readonly ItemPayload[], solo: boolean): void;
  recall(worker: WorkerRecord, count: number): void;
}

/**
 * Gives a task's workers what they have room for: first one item per free execution slot all round, so that nobody idles
 * while another has a queue; then up to the windows; then an item at a time to workers on which items fail. When nothing is
 * left to give, work is called back from the longest queue for those who idle.
 */
export function dispatch(task: TaskLedger, now: number, sink: GrantPort): void {
  if (task.phase === "blocked" || task.phase === "complete") return;
  if (!task.hasSuspects) task.draining.clear();
  const demoted: WorkerRecord[] = [];
  for (const worker of task.hungry) if (worker.record.isDemoted) demoted.push(worker);
  const slots = (worker: WorkerRecord) => Math.min(worker.concurrency, worker.window.size);
  let supply = serve(task, task.hungry, false, now, sink, slots);
  if (supply) supply = serve(task, task.hungry, false, now, sink, (worker) => worker.window.size);
  if (supply && demoted.length > 0) serve(task, demoted, true, now, sink, () => 1);
  if (task.hungry.size > 0) recallForIdle(task, now, sink);
}

/** False when the supply ran out before every hungry worker was served. */
function serve(
  task: TaskLedger,
  hungry: Iterable<WorkerRecord>,
  demoted: boolean,
  now: number,
  sink: GrantPort,
  limit: (worker: WorkerRecord) => number,
): boolean {
  for (const worker of hungry) {
    if (worker.record.isDemoted !== demoted) continue;
    if (demoted && isPaused(task, worker, now)) continue;
    if (task.hasSuspects && quarantine(task, worker, now, sink)) continue;
    if (!fill(task, worker, limit(worker), now, sink)) {
      // What waits is only kept from this worker, on which it has failed.
      if (task.hasQueued || task.hasSuspects) continue;
      return false;
    }
    if (!worker.hasRoom(worker.window.size)) task.hungry.delete(worker);
  }
  return true;
}

/** Items fail on this worker, and there are others: it is tried again after a while. */
function isPaused(task: TaskLedger, worker: WorkerRecord, now: number): boolean {
  if (now >= worker.record.pausedUntil) return false;
  for (const other of task.workers) if (other !== worker && other.isHopeful(now)) return true;
  return false;
}

/**
 * Suspects go out alone: to a worker that is empty, or to one that is kept from filling up until it is. Only as many
 * workers are kept so as there are suspects. True when this worker must get nothing else now.
 */
function quarantine(task: TaskLedger, worker: WorkerRecord, now: number, sink: GrantPort): boolean {
  if (worker.held > 0) {
    if (!task.draining.has(worker) && task.draining.size >= task.suspects.size) return false;
    task.draining.add(worker);
    return true;
  }
  const item = task.suspects.take(worker, now);
  if (item === undefined) return false;
  task.draining.delete(worker);
  task.hungry.delete(worker);
  sink.grant(worker, [granted(task, item, worker, now)], true);
  worker.suspect = item;
  return true;
}

function fill(task: TaskLedger, worker: WorkerRecord, limit: number, now: number, sink: GrantPort): boolean {
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

function granted(task: TaskLedger, item: Item, worker: WorkerRecord, now: number): ItemPayload {
  item.attempt += 1;
  item.grantedAt = Math.trunc(now); // a small integer costs no memory of its own
  item.isRestored = false;
  task.move(item, worker.place);
  return { seq: item.seq, attempt: item.attempt, payload: item.payload };
}
