/** How long a handler may take to react to its aborted signal before it is given up, in ms. */
export const ABORT_GRACE_MS = 1000;

/**
 * Times one execution against its timeout, from the first tick that sees it run: in the time that its role has lived,
 * so that a stopped process does not time its items out when it wakes.
 */
export class ExecutionTimer {
  #since: number | undefined;
  #expired = false;

  /** Its time is over; the signal was aborted. */
  get expired(): boolean {
    return this.#expired;
  }

  /**
   * @param timeout - In ms; 0: unlimited.
   * @returns What is to be done now: abort the signal, or give the handler up that did not react to it.
   */
  check(now: number, timeout: number): "abort" | "give up" | undefined {
    this.#since ??= now;
    if (timeout <= 0) return;
    const over = now - this.#since - timeout;
    if (over < 0) return;
    if (!this.#expired) {
      this.#expired = true;
      return "abort";
    }
    return over >= ABORT_GRACE_MS ? "give up" : undefined;
  }
}
