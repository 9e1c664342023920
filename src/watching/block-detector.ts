import type { NotedItem, RunningNoteReader } from "../executor/running-note.ts";

/** The main thread is blocked when it has done nothing new for this long, in ms. */
export const BLOCKED_MS = 300;

/** After this long, in ms, what is pending beside the item that blocks is not waited for either: others may repeat it. */
const ALONE_MS = 1000;

/** How often a report is repeated, in ms: it may have been lost, or its distributor may have been started again. */
export const REPEAT_MS = 1000;

/**
 * How much longer than its timeout an item may block the main thread, in ms: an async handler has a second to react to its aborted signal,
 * and the main thread gives it up then, where it is not blocked.
 */
export const EXPIRY_GRACE_MS = 1500;

/** The most that one look at the note may add to the clock, in ms: a process that was stopped has not been blocked meanwhile. */
const MAX_STEP_MS = 200;

export interface BlockReport {
  /** The items in which the main thread is stuck. */
  readonly running: readonly NotedItem[];
  /** They are over their timeout, and one of them alone is why. */
  readonly expired: boolean;
  /** Nothing but the end of the process frees its main thread in time. */
  readonly isStuck: boolean;
}

/** Decides from a worker's note whether its main thread is blocked, in which items, and whether that is to be told now. */
export class BlockDetector {
  /** Longest execution in ms; 0: unlimited. */
  timeout = 0;
  readonly #note: RunningNoteReader;
  #now = 0;
  #beats = -1;
  #beatAt = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;
  /** What was reported since the last beat: more of it is told at once, the same again after a while. */
  #reported: "nothing" | "blocked" | "alone" | "stuck" = "nothing";

  constructor(note: RunningNoteReader) {
    this.#note = note;
  }

  /** Whether the main thread has gone on since the last report. */
  get hasGoneOn(): boolean {
    return this.#note.beats !== this.#beats;
  }

  /** @param elapsed - Since the last look, in ms. @returns What is to be reported now. */
  look(elapsed: number): BlockReport | undefined {
    this.#now += Math.min(Math.max(elapsed, 0), MAX_STEP_MS);
    this.#note.clock = this.#now;
    if (this.hasGoneOn) {
      this.#beats = this.#note.beats;
      this.#beatAt = this.#now;
      this.#reported = "nothing";
      return undefined;
    }
    const blockedFor = this.#now - this.#beatAt;
    if (blockedFor < BLOCKED_MS) return undefined;
    const { current, pending } = this.#note;
    const limit = this.timeout + EXPIRY_GRACE_MS;
    const isOver = ({ since }: NotedItem) => this.#now - since >= limit;
    const mayExpire = this.timeout > 0 && !this.#note.isDebugged;
    if (
      mayExpire &&
      (current === undefined ? isHopeless(pending, isOver, blockedFor >= limit) : isOver(current))
    )
      return this.#report("stuck", current === undefined ? pending : [current]);
    const isAlone = current !== undefined && pending.length > 0 && blockedFor >= ALONE_MS;
    if (isAlone) return this.#report("alone", [current]);
    return this.#report("blocked", current === undefined ? pending : [current, ...pending]);
  }

  #report(kind: "blocked" | "alone" | "stuck", running: readonly NotedItem[]): BlockReport | undefined {
    if (this.#reported === kind && this.#now - this.#reportedAt < REPEAT_MS) return undefined;
    this.#reported = kind;
    this.#reportedAt = this.#now;
    const isStuck = kind === "stuck";
    // Of several items nobody knows which one blocks: they are not blamed, and go out again one at a time when the process has ended.
    return { running, expired: isStuck && running.length <= 1, isStuck };
  }
}

/**
 * Whether what blocks after an `await` is over its time: one of the pending items, or nothing that is known any more, such as a handler that
 * was given up before.
 */
function isHopeless(
  pending: readonly NotedItem[],
  isOver: (item: NotedItem) => boolean,
  isBlockedTooLong: boolean,
): boolean {
  return pending.length === 0 ? isBlockedTooLong : pending.some(isOver);
}
