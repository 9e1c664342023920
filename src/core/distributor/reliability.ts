/** Failures in a row after which a worker is tried with one item at a time, if other workers do better. */
const STREAK = 5;

/** A worker does better than another when it has this many times fewer failures in a row. */
const BETTER = 4;

/** First pause of a worker that only fails, in ms; doubled each time, up to {@link MAX_PAUSE_MS}. */
const PAUSE_MS = 200;
const MAX_PAUSE_MS = 10_000;

/** A worker is unreliable when at least this many items have failed on it that succeeded elsewhere … */
const MIN_FAILED_HERE = 5;

/** … and that happens at least this many times as often as on the other workers. */
const MIN_RATIO = 5;

/** Results in a row after which an unreliable worker counts as reliable again. */
const RECOVERY = 20;

/** What the reliability of one worker is compared with: the same of the other workers of its task. */
export interface MeasuredWorker {
  /** Results of this worker that were ACKed. */
  readonly acked: number;
  readonly reliability: Reliability;
  readonly task: { readonly workers: Iterable<MeasuredWorker> };
  willTakeItems(now: number): boolean;
}

/** How reliable one worker is, judged by what became of the items it had. */
export class Reliability {
  /** Executions that ended in a failure that counted. */
  failures = 0;
  /** Items that failed on this worker, and whose result then came from another one. */
  failedHereOnly = 0;
  /** Failures since the worker's last result. */
  streak = 0;
  /** The worker gets nothing before this time, in ms of the role's clock, while other workers are there. */
  pausedUntil = 0;
  /** Items fail on this worker that succeed elsewhere, far more often than on others: it is reported, and served last. */
  isUnreliable = false;
  /** How many times as often as on the other workers items failed here that succeeded elsewhere. */
  ratio = 1;
  #pauses = 0;
  #resultsInARow = 0;

  /** Whether the worker is served after others, and with one item at a time. */
  get isDemoted(): boolean {
    return this.isUnreliable || this.#pauses > 0;
  }

  /**
   * Counts an execution on the worker that failed.
   *
   * @param isKnown - The item had failed on another worker before, so it says nothing about this one.
   */
  failed(worker: MeasuredWorker, isKnown: boolean, now: number): void {
    this.failures += 1;
    if (isKnown) return;
    this.streak += 1;
    this.#resultsInARow = 0;
    if (this.streak < STREAK || now < this.pausedUntil) return;
    if (!hasBetter(worker, now)) {
      this.#pauses = 0; // all workers fail: the items are to blame
      return;
    }
    this.pausedUntil = now + Math.min(PAUSE_MS * 2 ** this.#pauses, MAX_PAUSE_MS);
    this.#pauses += 1;
  }

  /** Counts results of the worker that were collected. @returns Whether the worker was unreliable, and is so no more. */
  succeeded(count: number): boolean {
    this.streak = 0;
    this.pausedUntil = 0;
    this.#pauses = 0;
    if (!this.isUnreliable) return false;
    this.#resultsInARow += count;
    if (this.#resultsInARow < RECOVERY) return false;
    this.isUnreliable = false;
    this.failedHereOnly = 0;
    return true;
  }

  /** Counts an item that failed on the worker and succeeded elsewhere. @returns Whether the worker became unreliable by it. */
  succeededElsewhere(worker: MeasuredWorker): boolean {
    this.failedHereOnly += 1;
    if (this.failedHereOnly < MIN_FAILED_HERE) return false;
    this.ratio = ratioOf(worker);
    if (this.isUnreliable || this.ratio < MIN_RATIO) return false;
    this.isUnreliable = true;
    this.#resultsInARow = 0;
    return true;
  }
}

/** Whether another worker that takes items fails far less. */
function hasBetter(worker: MeasuredWorker, now: number): boolean {
  for (const other of worker.task.workers) {
    const isBetter = other.reliability.streak * BETTER <= worker.reliability.streak;
    if (other !== worker && other.willTakeItems(now) && isBetter) return true;
  }
  return false;
}

/** The other workers may never have failed: at least one failure of theirs is assumed. */
function ratioOf(worker: MeasuredWorker): number {
  let failed = 0;
  let executions = 0;
  for (const other of worker.task.workers) {
    if (other === worker) continue;
    failed += other.reliability.failedHereOnly;
    executions += executionsOf(other);
  }
  const own = worker.reliability.failedHereOnly / Math.max(1, executionsOf(worker));
  return (own * Math.max(1, executions)) / Math.max(1, failed);
}

/** Executions of a worker that have ended and count. */
export function executionsOf({ acked, reliability }: Pick<MeasuredWorker, "acked" | "reliability">): number {
  return acked + reliability.failures;
}
