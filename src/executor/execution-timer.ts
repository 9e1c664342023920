/** How long a handler may take to react to its aborted signal, in ms. After that it is not waited for any more. */
export const ABORT_GRACE_MS = 1000;

/** The same for a handler whose result is not needed, in ms: a promise that never settles must not keep a slot for ever. */
const ABANDONED_GRACE_MS = 5000;

/**
 * Compares the time of one execution with its timeout. The time runs from the first tick that sees the execution, by the role's clock:
 * items of a process that was suspended do not time out when the process goes on.
 */
export class ExecutionTimer {
  #since: number | undefined;
  #expired = false;
  #isAbandoned = false;
  /** When a tick first saw that the execution is abandoned, in ms. */
  #abandonedAt: number | undefined;

  /** The timeout is over, and the signal was aborted. */
  get expired(): boolean {
    return this.#expired;
  }

  /** The result is not needed, and the signal was aborted. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** The result is not needed any more: the timeout no longer counts, and the handler has a few seconds to end. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  /**
   * @param now - The role's time in ms.
   * @param timeoutMs - 0: unlimited.
   * @returns What is to be done now: abort the signal, or stop waiting for a handler that did not react to the signal.
   */
  check(now: number, timeoutMs: number): "abort" | "give up" | undefined {
    if (this.#isAbandoned) {
      this.#abandonedAt ??= now;
      return now - this.#abandonedAt >= ABANDONED_GRACE_MS ? "give up" : undefined;
    }
    this.#since ??= now;
    if (timeoutMs <= 0) return;
    const overMs = now - this.#since - timeoutMs;
    if (overMs < 0) return;
    if (!this.#expired) {
      this.#expired = true;
      return "abort";
    }
    return overMs >= ABORT_GRACE_MS ? "give up" : undefined;
  }
}
