/** Longest step that one tick may take, in ms. Ticks come every {@link TICK_MS}. */
const MAX_STEP_MS = 200;

/** How often a role looks at its deadlines, in ms: fine enough for flushes and retries, too rare to be seen in a profile. */
export const TICK_MS = 20;

/**
 * Time as a role has lived it, in ms. A role that was stopped for a while, or whose event loop a handler blocked, finds
 * that little time has passed: its deadlines wait until it has read what its peers said meanwhile. So a frozen
 * distributor does not expire its whole fleet when it wakes.
 */
export class RoleClock {
  #real: number | undefined;
  #now = 0;
  /** Real time that was not counted, in ms. */
  skipped = 0;

  get now(): number {
    return this.#now;
  }

  /** @param real - A monotonic time in ms. */
  tick(real: number): void {
    const gap = real - (this.#real ?? real);
    this.#real = real;
    const step = Math.min(Math.max(gap, 0), MAX_STEP_MS);
    this.skipped += gap - step;
    this.#now += step;
  }
}
