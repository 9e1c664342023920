import type { GrantPort } from "./grant-port.ts";
import type { TaskLedger } from "./task-ledger.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Least waiting time that is worth a recall, in ms: a shorter queue is empty before the recall arrives. */
const RECALL_MIN_MS = 5;

/** A worker on which nothing has ended for this long executes a long item, in ms: results are sent at least every 100 ms. */
const STALL_MS = 150;

/** Items that wait behind a long item for this long go to other workers even when none of them idles, in ms. */
const HEAD_OF_LINE_MS = 500;

/** Recalls half of the longest queue for workers that have free execution slots and no items for them. */
export function recallForIdle(task: TaskLedger, now: number, port: GrantPort): void {
  let isIdle = false;
  for (const worker of task.withRoom) {
    if (worker.held < worker.concurrency && !worker.reliability.isDemoted && !task.draining.has(worker))
      isIdle = true;
  }
  if (!isIdle) return;
  let longest: WorkerRecord | undefined;
  let longestMs = RECALL_MIN_MS;
  for (const worker of task.workers) {
    const ms = waitMs(worker, now);
    if (ms > longestMs && mayRecall(worker, now)) {
      longest = worker;
      longestMs = ms;
    }
  }
  if (longest === undefined) return;
  longest.recalled = true;
  // Items that have failed may not suit the idle worker, and may be the last in the queue.
  port.recall(longest, Math.ceil(movable(longest) / 2) + longest.heldFailed);
}

/**
 * Recalls the items that wait behind a long item while other workers make progress; the next worker with room gets them. Until its
 * window is measured again, the recalled worker gets no more items than it executes at once.
 */
export function recallStalled(task: TaskLedger, now: number, port: GrantPort): void {
  if (task.workers.size < 2) return;
  for (const worker of task.workers) {
    const behind = task.progressAt - worker.progressAt;
    if (worker.waiting <= 0 || behind < HEAD_OF_LINE_MS || !mayRecall(worker, now)) continue;
    worker.window.reset();
    worker.recalled = true;
    port.recall(worker, worker.waiting);
  }
}

function mayRecall({ phase, recalled, nextRecall }: WorkerRecord, now: number): boolean {
  return phase.kind === "ready" && !recalled && now >= nextRecall;
}

/** How many of a worker's items wait for execution and may go to any other worker. */
function movable({ waiting, heldFailed }: WorkerRecord): number {
  return waiting - heldFailed;
}

/**
 * How long the items that wait at a worker will have to wait, in ms: by the worker's mean time per item, but at least as long as
 * no execution has ended there, because the item that runs is a measurement, too.
 */
function waitMs(worker: WorkerRecord, now: number): number {
  const count = movable(worker);
  if (count <= 0) return 0;
  const byMeanMs = (count * worker.window.serviceMs) / worker.concurrency;
  const stalledMs = now - worker.progressAt;
  // Before the first measurement, what runs is the only one.
  const isLong = stalledMs >= (worker.window.isMeasured ? STALL_MS : RECALL_MIN_MS);
  return !isLong ? byMeanMs : Math.max(byMeanMs, stalledMs);
}
