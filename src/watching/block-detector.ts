import type { NotedItem, RunningNoteReader } from "../executor/running-note.ts";

/** The main thread counts as blocked when its note has not changed for this long, in ms. */
export const BLOCKED_MS = 300;

/** After this long, in ms, only the item that blocks is reported as running: other workers may repeat the pending ones. */
const ALONE_MS = 800;

/** Interval at which a report is repeated, in ms: it may have been lost, or the distributor may have been started again. */
export const REPEAT_MS = 1000;

/**
 * How much longer than its timeout an item may block the main thread, in ms. A main thread that is not blocked aborts the handler's signal
 * itself, and stops waiting for the handler after a second.
 */
export const EXPIRY_GRACE_MS = 1500;

/** Most time that one look may add to the clock, in ms: a process that was suspended has not been blocked meanwhile. */
const MAX_STEP_MS = 200;

export interface BlockReport {
  /** The items in which the main thread is stuck. */
  readonly running: readonly NotedItem[];
  /** The one item in `running` is over its timeout and blocks the thread. */
  readonly expired: boolean;
  /** Code after an `await` of one of several pending items blocks: only the main thread itself knows which. */
  readonly isAmbiguous: boolean;
  /** An item is over its timeout, and only the end of the process can free the main thread. */
  readonly isStuck: boolean;
}

/** Decides from a worker's note whether its main thread is blocked, in which items, and whether to report that now. */
export class BlockDetector {
  /** Longest execution; 0: unlimited. */
  timeoutMs = 0;
  readonly #note: RunningNoteReader;
  #now = 0;
  #beats = -1;
  #beatAt = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;
  /** The last report since the note changed: another one is sent at once, the same one again after `REPEAT_MS`. */
  #reported: "nothing" | "blocked" | "alone" | "stuck" = "nothing";

  constructor(note: RunningNoteReader) {
    this.#note = note;
  }

  /** Whether the main thread has gone on since the last report. */
  get hasGoneOn(): boolean {
    return this.#note.beats !== this.#beats;
  }

  /** @param elapsedMs - Time since the last look. @returns What is to be reported now. */
  look(elapsedMs: number): BlockReport | undefined {
    this.#now += Math.min(Math.max(elapsedMs, 0), MAX_STEP_MS);
    this.#note.clock = this.#now;
    if (this.hasGoneOn) {
      this.#beats = this.#note.beats;
      this.#beatAt = this.#now;
      this.#reported = "nothing";
      return undefined;
    }
    const blockedMs = this.#now - this.#beatAt;
    if (blockedMs < BLOCKED_MS) return undefined;
    const { current, pending } = this.#note;
    const limitMs = this.timeoutMs + EXPIRY_GRACE_MS;
    const isOver = ({ since }: NotedItem) => this.#now - since >= limitMs;
    const mayExpire = this.timeoutMs > 0 && !this.#note.isDebugged;
    if (
      mayExpire &&
      (current === undefined ? isHopeless(pending, isOver, blockedMs >= limitMs) : isOver(current))
    )
      return this.#report("stuck", current === undefined ? pending : [current]);
    const isLong = blockedMs >= ALONE_MS && pending.length > 0;
    if (current !== undefined)
      return isLong ? this.#report("alone", [current]) : this.#report("blocked", [current, ...pending]);
    return this.#report(isLong && pending.length > 1 ? "alone" : "blocked", pending);
  }

  #report(kind: "blocked" | "alone" | "stuck", running: readonly NotedItem[]): BlockReport | undefined {
    if (this.#reported === kind && this.#now - this.#reportedAt < REPEAT_MS) return undefined;
    this.#reported = kind;
    this.#reportedAt = this.#now;
    const isStuck = kind === "stuck";
    // With several pending items it is not known which one blocks. None is blamed: when the process has ended, they are repeated one at a time.
    const isAmbiguous = kind === "alone" && running.length > 1;
    return { running, expired: isStuck && running.length <= 1, isAmbiguous, isStuck };
  }
}

/**
 * Whether code after an `await` blocks for too long: that of a pending item that is over its timeout, or, if no item is pending, of a
 * handler that is not waited for any more.
 */
function isHopeless(
  pending: readonly NotedItem[],
  isOver: (item: NotedItem) => boolean,
  isBlockedTooLong: boolean,
): boolean {
  return pending.length === 0 ? isBlockedTooLong : pending.some(isOver);
}
