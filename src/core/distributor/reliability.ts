import type { TaskLedger } from "./task-ledger.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Failures in a row after which a worker is tried with one item at a time, if others do better. */
const STREAK = 5;

/** A worker does better than another when it has so many times fewer failures in a row. */
const BETTER = 4;

/** First wait before a worker that only fails is tried again, in ms; doubled each time, up to {@link MAX_PAUSE_MS}. */
const PAUSE_MS = 200;
const MAX_PAUSE_MS = 10_000;

/** A worker is named when so many items have failed on it that succeeded elsewhere … */
const MIN_WRONGED = 5;

/** … and that happens so many times as often as on the others. */
const MIN_RATIO = 5;

/** Results in a row after which a worker that was named is a worker like others again. */
const RECOVERY = 20;

/** How reliable one worker is, from what became of the items it had. */
export class Reliability {
  /** Executions that ended in a failure that counted. */
  failures = 0;
  /** Items that failed on it, and whose result then came from another worker. */
  wronged = 0;
  /** Failures since its last result. */
  streak = 0;
  /** It gets nothing before that time, in ms of the role's clock, while others are there. */
  pausedUntil = 0;
  /** Items fail on it that succeed elsewhere, far more often than on others: it is named, and served last. */
  isUnreliable = false;
  /** How many times as often as on the others items have failed on it that succeeded elsewhere. */
  ratio = 1;
  #pauses = 0;
  #inARow = 0;

  /** It is served after others, and with one item at a time. */
  get isDemoted(): boolean {
    return this.isUnreliable || this.#pauses > 0;
  }

  /** An execution on it failed. */
  failed(worker: WorkerRecord, now: number): void {
    this.failures += 1;
    this.streak += 1;
    this.#inARow = 0;
    if (this.streak < STREAK || now < this.pausedUntil) return;
    if (!isWorst(worker, now)) {
      this.#pauses = 0; // they all fail: the items are to blame
      return;
    }
    this.pausedUntil = now + Math.min(PAUSE_MS * 2 ** this.#pauses, MAX_PAUSE_MS);
    this.#pauses += 1;
  }

  /** Results of it were collected. @returns Whether it has recovered by them. */
  succeeded(count: number): boolean {
    this.streak = 0;
    this.pausedUntil = 0;
    this.#pauses = 0;
    if (!this.isUnreliable) return false;
    this.#inARow += count;
    if (this.#inARow < RECOVERY) return false;
    this.isUnreliable = false;
    this.wronged = 0;
    return true;
  }

  /** An item that failed on it succeeded elsewhere. @returns Whether it is unreliable, and was not before. */
  wrong(worker: WorkerRecord): boolean {
    this.wronged += 1;
    if (this.wronged < MIN_WRONGED) return false;
    this.ratio = ratioOf(worker);
    if (this.isUnreliable || this.ratio < MIN_RATIO) return false;
    this.isUnreliable = true;
    this.#inARow = 0;
    return true;
  }
}

/** Another worker that takes items fails far less. */
function isWorst(worker: WorkerRecord, now: number): boolean {
  for (const other of worker.task.workers) {
    const isBetter = other.record.streak * BETTER <= worker.record.streak;
    if (other !== worker && other.isHopeful(now) && isBetter) return true;
  }
  return false;
}

/** Of the others, which may never have failed, one failure is assumed. */
function ratioOf(worker: WorkerRecord): number {
  let wronged = 0;
  let executions = 0;
  for (const other of worker.task.workers) {
    if (other === worker) continue;
    wronged += other.record.wronged;
    executions += executionsOf(other);
  }
  const own = worker.record.wronged / Math.max(1, executionsOf(worker));
  return (own * Math.max(1, executions)) / Math.max(1, wronged);
}

/** Executions of a worker that have ended and count. */
export function executionsOf({ acked, record }: WorkerRecord): number {
  return acked + record.failures;
}

/** A worker that was unreliable in a run, whether it is there still or not. */
export interface UnreliableWorker {
  readonly id: string;
  readonly taskType: string;
  /** Executions on it that failed. */
  readonly failures: number;
  /** Executions on it in all. */
  readonly executions: number;
  /** How many times as often as on the others items failed on it that succeeded elsewhere; at least that. */
  readonly ratio: number;
}

/** Those of a task's workers that are, or were, unreliable. */
export function unreliableOf(task: TaskLedger): UnreliableWorker[] {
  return [...task.unreliable].map((worker) => ({
    id: worker.id,
    taskType: task.name,
    failures: worker.record.failures,
    executions: executionsOf(worker),
    ratio: Math.round(worker.record.ratio),
  }));
}
