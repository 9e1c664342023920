import { MAX_TIMER_MS } from "../executor/settles-within.ts";
import { RoleLog } from "../logging/logger.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";

/** Waits for the functions that report a run's end: for ever, or, once the run was stopped, for the time that stopping may take. */
export class ReportPatience {
  #limitMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #waiting: ((isLate: true) => void) | undefined;

  /** The run was stopped: what is waited for may take this long, in ms. */
  limit(ms: number): void {
    this.#limitMs = Math.min(this.#limitMs, ms);
    this.#watch();
  }

  /** @throws What the function threw. */
  async wait(name: string, returned: unknown): Promise<void> {
    if (!isPromiseLike(returned)) return;
    const late = new Promise<true>((resolve) => {
      this.#waiting = resolve;
    });
    this.#watch();
    try {
      if ((await Promise.race([returned, late])) !== true || this.#waiting !== undefined) return;
      new RoleLog("distributor").warn(
        `${name}() did not end in time after the run was stopped: it is not waited for`,
      );
      void Promise.resolve(returned).catch(() => {}); // what it throws later belongs to no run any more
    } finally {
      clearTimeout(this.#timer);
      this.#waiting = undefined;
    }
  }

  #watch(): void {
    if (this.#waiting === undefined || this.#limitMs > MAX_TIMER_MS) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const late = this.#waiting;
      this.#waiting = undefined;
      late?.(true);
    }, this.#limitMs);
  }
}
