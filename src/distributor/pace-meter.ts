import type { TaskPace } from "./task-pace.ts";

/** Counts are kept at this interval for a minute, and at the second interval for an hour, all in ms. */
const STEP_MS = 500;
const FINE_MS = 60_000;
const COARSE_STEP_MS = 30_000;
const COARSE_MS = 3_600_000;
const MAX_LOOKS = 2 * (FINE_MS / STEP_MS + COARSE_MS / COARSE_STEP_MS);

/** The rate of late covers at least this time, in ms, and this many items. */
const RECENT_MS = 5000;
const RECENT_ITEMS = 10;

/** A task is stalled when nothing was settled for this long, in ms, and for this many times as long as items are apart on average. */
const STALLED_MS = 3000;
const STALLED_GAPS = 5;

/** The time left is not told before the task has run for this long, in ms: the first items say little about the others. */
const SETTLING_MS = 2000;

interface Look {
  readonly at: number;
  /** Items settled until then. */
  readonly done: number;
}

/** Measures how fast a task's items are settled, from its first item on. A task that hangs keeps the rate that it had before. */
export class PaceMeter {
  #beganAt: number | undefined;
  #endedAt: number | undefined;
  /** The latest looks, the oldest first. */
  #looks: Look[] = [];
  #last: Look = { at: 0, done: 0 };

  get hasBegun(): boolean {
    return this.#beganAt !== undefined;
  }

  /** The first item is with a worker. @param now - In ms, as in the other methods. */
  began(now: number): void {
    if (this.#beganAt !== undefined) return;
    this.#beganAt = now;
    this.#last = { at: now, done: 0 };
    this.#looks = [this.#last];
  }

  /** @param done - Items settled since `began()`. */
  look(now: number, done: number): void {
    if (this.#beganAt === undefined || this.#endedAt !== undefined) return;
    if (done > this.#last.done) this.#last = { at: now, done };
    if (now - (this.#looks.at(-1)?.at ?? now) < STEP_MS) return;
    this.#looks.push({ at: now, done });
    if (this.#looks.length > MAX_LOOKS) this.#looks = thinned(this.#looks, now);
  }

  /** The task is over: its time stands still. */
  ended(now: number, done: number): void {
    this.look(now, done);
    if (this.#beganAt !== undefined) this.#endedAt ??= now;
  }

  /** @param left - Items that are not settled yet; undefined: unknown. */
  pace(
    now: number,
    done: number,
    left: number | undefined,
  ): Pick<TaskPace, "duration" | "rate" | "timeLeft" | "stalled"> {
    this.look(now, done);
    const none = { timeLeft: undefined, stalled: undefined };
    if (this.#beganAt === undefined) return { duration: 0, rate: undefined, ...none };
    const duration = (this.#endedAt ?? now) - this.#beganAt;
    if (this.#last.done === 0) return { duration, rate: undefined, ...none };
    if (this.#endedAt !== undefined) return { duration, rate: perSecond(this.#last.done, duration), ...none };
    const steady = this.#rateUntil(this.#last.at);
    const sinceLast = now - this.#last.at;
    if (sinceLast > Math.max(STALLED_MS, (STALLED_GAPS * 1000) / steady))
      return { duration, rate: 0, timeLeft: undefined, stalled: sinceLast };
    const timeLeft =
      left === undefined || steady === 0 || duration < SETTLING_MS
        ? undefined
        : Math.max(0, (left / steady) * 1000 - sinceLast);
    return { duration, rate: this.#rateUntil(now), timeLeft, stalled: undefined };
  }

  /** The rate up to a time that is not before the last item. */
  #rateUntil(at: number): number {
    const { done } = this.#last;
    const since = this.#looks.findLast(
      (look) => at - look.at >= RECENT_MS && done - look.done >= RECENT_ITEMS,
    );
    // So few items: the mean over the task's whole time says more.
    const { at: from, done: before } = since ?? { at: this.#beganAt ?? at, done: 0 };
    return perSecond(done - before, at - from) ?? 0;
  }
}

function thinned(looks: readonly Look[], now: number): Look[] {
  let keptAt = Number.NEGATIVE_INFINITY;
  return looks.filter(({ at }) => {
    const isKept = now - at <= FINE_MS || (now - at <= COARSE_MS && at - keptAt >= COARSE_STEP_MS);
    if (isKept) keptAt = at;
    return isKept;
  });
}

function perSecond(count: number, ms: number): number | undefined {
  return ms > 0 ? (count * 1000) / ms : undefined;
}
