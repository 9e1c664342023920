import { RESOLVED } from "../structures/resolved.ts";

/** Messages closer together than this, in ms, are worth joining: one costs its sender and its receiver about 0.04 ms. */
const QUIET_MS = 0.1;

/**
 * Says when to send what has gathered: at once after a quiet moment, so that a lone request waits for nothing; under load at
 * the end of the event loop's turn, together with what arrives in it. Without that, messages under load become ever smaller:
 * few replies bring few requests, which bring few replies.
 */
export class FlushSchedule {
  readonly #flush: () => void;
  #isScheduled = false;
  #flushedAt = Number.NEGATIVE_INFINITY;

  /** @param guard - Makes the callback of a timer. */
  constructor(flush: () => void, guard: (action: () => void) => () => void = (action) => action) {
    this.#flush = guard(() => {
      this.#isScheduled = false;
      this.#flushedAt = performance.now();
      flush();
    });
  }

  /** Something is to be sent. */
  soon(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    if (performance.now() - this.#flushedAt >= QUIET_MS) void RESOLVED.then(this.#flush);
    else setImmediate(this.#flush);
  }
}
