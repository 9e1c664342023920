/** Length of a measurement, in ms. */
const SPAN_MS = 1000;

/** Least number of executions in a measurement. */
const MIN_COUNT = 3;

/** Share of the time in which a promise must have been pending … */
const MIN_PENDING = 0.8;

/** … and most of the time that the event loop may have been at work meanwhile. */
const MAX_ACTIVE = 0.5;

/** Share of the executions behind which another item must have waited. */
const MIN_WAITING = 0.7;

/** Finds out whether a handler spends its time awaiting while its worker executes one item at a time. */
export class WaitGauge {
  readonly #activeMs: () => number;
  #since: number | undefined;
  #activeSince = 0;
  #pendingMs = 0;
  #count = 0;
  /** Executions behind which another item waited. */
  #waiting = 0;

  /** @param activeMs - For how long the event loop has been at work, in ms. */
  constructor(activeMs = () => performance.eventLoopUtilization().active) {
    this.#activeMs = activeMs;
  }

  /**
   * A handler's promise has settled.
   *
   * @param now - The time in ms.
   * @param pendingMs - For how long the promise was pending.
   * @param isWaiting - Whether another item waits for its end.
   * @returns True at the end of each measurement in which the handler is found to wait.
   */
  ended(now: number, pendingMs: number, isWaiting: boolean): boolean {
    if (this.#since === undefined) this.#begin(now - pendingMs);
    this.#pendingMs += pendingMs;
    this.#count += 1;
    if (isWaiting) this.#waiting += 1;
    const spanMs = now - (this.#since ?? now);
    if (spanMs < SPAN_MS || this.#count < MIN_COUNT) return false;
    const isIdle = this.#activeMs() - this.#activeSince <= spanMs * MAX_ACTIVE;
    const hasWaiting = this.#waiting >= this.#count * MIN_WAITING;
    const isFound = hasWaiting && isIdle && this.#pendingMs >= spanMs * MIN_PENDING;
    this.#begin(now);
    return isFound;
  }

  #begin(now: number): void {
    this.#since = now;
    this.#activeSince = this.#activeMs();
    this.#pendingMs = 0;
    this.#count = 0;
    this.#waiting = 0;
  }
}
