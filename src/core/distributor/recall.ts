import type { GrantPort } from "./dispatch.ts";
import type { TaskLedger } from "./task-ledger.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Not worth calling back what a worker will have finished before the recall has gone round, in ms. */
const RECALL_MIN_MS = 5;

/** A worker of which nothing was heard to end for so long has a long item, in ms: results travel at least every 100 ms. */
const STALL_MS = 150;

/** What waits behind a long item for so long goes to others even when none of them idles, in ms. */
const HEAD_OF_LINE_MS = 500;

/** Calls half of the longest queue back for workers that have free execution slots and nothing to fill them with. */
export function recallForIdle(task: TaskLedger, now: number, sink: GrantPort): void {
  let isIdle = false;
  for (const worker of task.hungry) {
    if (worker.held < worker.concurrency && !worker.record.isDemoted && !task.draining.has(worker))
      isIdle = true;
  }
  if (!isIdle) return;
  let longest: WorkerRecord | undefined;
  let longestMs = RECALL_MIN_MS;
  for (const worker of task.workers) {
    const ms = waitOf(worker, now);
    if (ms > longestMs && mayRecall(worker, now)) {
      longest = worker;
      longestMs = ms;
    }
  }
  if (longest === undefined) return;
  longest.recalled = true;
  // Those that have failed may not suit who idles, and may be the last in the queue.
  sink.recall(longest, Math.ceil(movable(longest) / 2) + longest.heldFailed);
}

/**
 * Calls everything back that waits behind a long item, while other workers go on: whoever of them has room next takes it. Until
 * more is measured the worker then gets no more than it executes at once.
 */
export function relieve(task: TaskLedger, now: number, sink: GrantPort): void {
  if (task.workers.size < 2) return;
  for (const worker of task.workers) {
    const behind = task.progressAt - worker.progressAt;
    if (worker.waiting <= 0 || behind < HEAD_OF_LINE_MS || !mayRecall(worker, now)) continue;
    worker.window.reset();
    worker.recalled = true;
    sink.recall(worker, worker.waiting);
  }
}

function mayRecall({ phase, recalled, nextRecall }: WorkerRecord, now: number): boolean {
  return phase.kind === "ready" && !recalled && now >= nextRecall;
}

/** Items that are not being executed, and that any worker may have. */
function movable({ waiting, heldFailed }: WorkerRecord): number {
  return waiting - heldFailed;
}

/**
 * How long what waits at a worker will have to, in ms: by the mean of what it has executed, and, as an item that runs is one more
 * measurement, at least as long as nothing has ended there.
 */
function waitOf(worker: WorkerRecord, now: number): number {
  const count = movable(worker);
  if (count <= 0) return 0;
  const byMean = (count * worker.window.service) / worker.concurrency;
  const stalled = now - worker.progressAt;
  return stalled < STALL_MS ? byMean : Math.max(byMean, stalled);
}
