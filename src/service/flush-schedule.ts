import { RESOLVED } from "../structures/resolved.ts";

/** Messages closer together than this, in ms, are worth joining: one costs its sender and its receiver about 0.04 ms. */
const QUIET_MS = 0.1;

/**
 * Says when to send messages that have gathered. After a quiet moment they go at once, so that a lone request need not wait. Under
 * load they go at the end of the event loop's turn, with all that arrives in it. Otherwise messages under load would become ever
 * smaller: few replies bring few requests, which bring few replies.
 */
export class FlushSchedule {
  readonly #flush: () => void;
  #isScheduled = false;
  #flushedAt = Number.NEGATIVE_INFINITY;

  /** @param guard - Wraps each callback, so that its errors are caught. */
  constructor(flush: () => void, guard: (action: () => void) => () => void = (action) => action) {
    this.#flush = guard(() => {
      this.#isScheduled = false;
      this.#flushedAt = performance.now();
      flush();
    });
  }

  /** Messages are to be sent. */
  soon(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    if (performance.now() - this.#flushedAt >= QUIET_MS) void RESOLVED.then(this.#flush);
    else setImmediate(this.#flush);
  }
}
