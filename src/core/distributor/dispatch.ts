import type { ItemPayload } from "../../protocol/batch-message.ts";
import { nextAttempt } from "../../protocol/next-attempt.ts";
import { GrantBatch } from "./grant-batch.ts";
import type { GrantPort } from "./grant-port.ts";
import type { Item } from "./item.ts";
import { recallForIdle } from "./recall.ts";
import type { TaskLedger } from "./task-ledger.ts";
import type { WorkerRecord } from "./worker-record.ts";

/**
 * Grants a task's workers the items that they have room for: first one item per free execution slot to each, so that no worker
 * idles while another one has a queue; then up to the windows; then one item at a time to workers on which items fail. When no
 * item is left, items are recalled from the longest queue for workers that idle.
 */
export function dispatch(task: TaskLedger, now: number, port: GrantPort): void {
  if (task.phase === "blocked" || task.phase === "complete") return;
  if (!task.hasSuspects) task.draining.clear();
  const demoted: WorkerRecord[] = [];
  for (const worker of task.withRoom) if (worker.reliability.isDemoted) demoted.push(worker);
  const slots = (worker: WorkerRecord) => Math.min(worker.concurrency, worker.window.size);
  let supply = serve(task, task.withRoom, false, now, port, slots);
  if (supply && task.hasQueued && !task.hasSuspects) deal(task, now, port);
  if (supply) supply = serve(task, task.withRoom, false, now, port, (worker) => worker.window.size);
  if (supply && demoted.length > 0) serve(task, demoted, true, now, port, () => 1);
  if (task.withRoom.size > 0) recallForIdle(task, now, port);
}

/**
 * Grants the items that came back one by one to each worker with room in turn: several long items that were neighbours on a worker that
 * is blocked in the first of them go to different workers.
 */
function deal(task: TaskLedger, now: number, port: GrantPort): void {
  const batches = new Map<WorkerRecord, GrantBatch>();
  for (let isDealt = true; isDealt && task.hasQueued; ) {
    isDealt = false;
    for (const worker of task.withRoom) {
      if (worker.reliability.isDemoted || !worker.hasRoom(worker.window.size)) continue;
      const item = task.queue.take(worker, now);
      if (item === undefined) continue;
      isDealt = true;
      const batch = batches.get(worker) ?? new GrantBatch(worker, port);
      batches.set(worker, batch);
      batch.add(granted(task, item, worker, now));
    }
  }
  for (const batch of batches.values()) batch.flush();
}

/** @returns False when the items ran out before every worker with room was served. */
function serve(
  task: TaskLedger,
  workers: Iterable<WorkerRecord>,
  demoted: boolean,
  now: number,
  port: GrantPort,
  limit: (worker: WorkerRecord) => number,
): boolean {
  for (const worker of workers) {
    if (worker.reliability.isDemoted !== demoted) continue;
    if (demoted && isPaused(task, worker, now)) continue;
    if (task.hasSuspects && quarantine(task, worker, now, port)) continue;
    if (!fill(task, worker, limit(worker), now, port)) {
      // Items wait, but not for this worker: they have failed on it.
      if (task.hasQueued || task.hasSuspects) continue;
      return false;
    }
    if (!worker.hasRoom(worker.window.size)) task.withRoom.delete(worker);
  }
  return true;
}

/** Whether the worker gets nothing for a while, because items fail on it and there are other workers. */
function isPaused(task: TaskLedger, worker: WorkerRecord, now: number): boolean {
  if (now >= worker.reliability.pausedUntil) return false;
  for (const other of task.workers) if (other !== worker && other.willTakeItems(now)) return true;
  return false;
}

/**
 * Grants suspects alone: to a worker that is empty, or to one that gets nothing more until it is. At most as many workers are
 * drained in this way as there are suspects.
 *
 * @returns True when this worker must get nothing else now.
 */
function quarantine(task: TaskLedger, worker: WorkerRecord, now: number, port: GrantPort): boolean {
  if (worker.held > 0) {
    if (!task.draining.has(worker) && task.draining.size >= task.suspects.size) return false;
    task.draining.add(worker);
    return true;
  }
  const item = task.suspects.take(worker, now);
  if (item === undefined) return false;
  task.draining.delete(worker);
  task.withRoom.delete(worker);
  port.grant(worker, [granted(task, item, worker, now)], true);
  worker.suspect = item;
  return true;
}

function fill(task: TaskLedger, worker: WorkerRecord, limit: number, now: number, port: GrantPort): boolean {
  const batch = new GrantBatch(worker, port);
  while (worker.hasRoom(limit)) {
    const item = task.next(worker, limit - worker.held, now);
    if (item === undefined) break;
    batch.add(granted(task, item, worker, now));
  }
  batch.flush();
  return !worker.hasRoom(limit);
}

function granted(task: TaskLedger, item: Item, worker: WorkerRecord, now: number): ItemPayload {
  item.attempt = nextAttempt(item.attempt);
  item.grantedAt = Math.trunc(now); // a small integer costs no memory of its own
  item.holder = worker;
  item.isRestored = false;
  task.move(item, worker.place);
  return { seq: item.seq, attempt: item.attempt, payload: item.payload };
}
