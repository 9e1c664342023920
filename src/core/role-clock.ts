/** Most time that one tick adds to the clock, in ms. Ticks come every {@link TICK_MS}. */
const MAX_STEP_MS = 200;

/** How often a role checks its deadlines, in ms: fine enough for flushes and retries, too rare to be seen in a profile. */
export const TICK_MS = 20;

/**
 * A role's own time, in ms: a gap between two ticks counts for at most {@link MAX_STEP_MS}. After a role was stopped, or a
 * handler blocked its event loop, the deadlines therefore wait until the role has read the messages that arrived meanwhile.
 * A distributor that was frozen does not expire all its workers when it continues.
 */
export class RoleClock {
  #realMs: number | undefined;
  #now = 0;
  /** Real time that this clock left out, in ms. */
  skipped = 0;

  get now(): number {
    return this.#now;
  }

  /** @param realMs - A monotonic time. */
  tick(realMs: number): void {
    const gap = realMs - (this.#realMs ?? realMs);
    this.#realMs = realMs;
    const step = Math.min(Math.max(gap, 0), MAX_STEP_MS);
    this.skipped += gap - step;
    this.#now += step;
  }
}
