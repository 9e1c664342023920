import type { Execution, ExecutionOutcome } from "../core/execution.ts";
import { RESOLVED } from "../structures/resolved.ts";
import type { Executor } from "./executor.ts";

/**
 * Outcomes are reported in lots that took so many ms, or so many items: after milliseconds of a handler's work, the code that
 * reports them is out of the processor's caches, and costs 30 µs instead of one.
 */
const LOT_MS = 40;
const LOT_ITEMS = 32;

interface Ended<E> {
  readonly execution: E;
  readonly outcome: ExecutionOutcome;
  readonly busy: number;
  readonly at: number;
}

export interface WorkLoopOptions<E extends Execution> {
  readonly executor: Executor;
  /** How long executions follow one another before the event loop has its turn, in ms. */
  readonly slice: number;
  /** Takes the next execution off the local queue. */
  next(): E | undefined;
  /** What waits in the local queue; 0 is the next. */
  upcoming(index: number): E | undefined;
  /**
   * One that ended at once.
   *
   * @param busy - Time its handler took, in ms.
   * @returns Whether anything was sent because of it.
   */
  ended(execution: E, outcome: ExecutionOutcome, busy: number, now: number): boolean;
  /** Nothing more can be executed now: the queue is empty, or the executor is full. */
  rest?(): void;
  /** Makes the callback of a timer. */
  guard(action: () => void): () => void;
}

/** Works through a worker's local queue while its executor has room, a slice at a time. */
export class WorkLoop<E extends Execution> {
  readonly #options: WorkLoopOptions<E>;
  readonly #nextTurn: () => void;
  readonly #goOn: () => void;
  #scheduled = false;
  #sliceEnd = 0;

  constructor(options: WorkLoopOptions<E>) {
    this.#options = options;
    this.#nextTurn = options.guard(() => {
      this.#scheduled = false;
      this.#sliceEnd = performance.now() + options.slice;
      this.#work();
    });
    this.#goOn = options.guard(() => {
      this.#scheduled = false;
      this.#work();
    });
  }

  /** Works in a later turn of the event loop, so that messages that have arrived are read first. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#nextTurn);
  }

  /** Something came for a worker that idled: nothing else can have arrived before it. */
  start(): void {
    if (this.#scheduled) return;
    this.#sliceEnd = performance.now() + this.#options.slice;
    this.resume();
  }

  /** A promise has settled: there is room again. Handlers that wait for nothing need no turn of the event loop each. */
  resume(): void {
    if (this.#scheduled) return;
    if (performance.now() >= this.#sliceEnd) return this.schedule();
    this.#scheduled = true;
    // Not at once: the executor is in the middle of its own work.
    void RESOLVED.then(this.#goOn);
  }

  #work(): void {
    const { executor } = this.#options;
    let startedAt = performance.now();
    let lot: Ended<E>[] = [];
    let lotEnd = startedAt + LOT_MS;
    while (executor.hasRoom()) {
      const execution = this.#options.next();
      if (execution === undefined) break;
      const outcome = executor.execute(execution);
      if (outcome === undefined) continue;
      const now = performance.now();
      lot.push({ execution, outcome, busy: now - startedAt, at: now });
      startedAt = now;
      if (!this.#isComplete(lot, execution, Math.min(lotEnd, this.#sliceEnd), now)) continue;
      const sent = this.#report(lot);
      // What was sent leaves, and what it brings back arrives, in the event loop's turn.
      if (sent || now >= this.#sliceEnd) return this.schedule();
      lot = [];
      lotEnd = now + LOT_MS;
    }
    this.#report(lot);
    this.#options.rest?.();
  }

  /** A lot goes out early where it is half of what is here: results need not wait for a long item behind a few short ones. */
  #isComplete(lot: readonly Ended<E>[], last: E, end: number, now: number): boolean {
    const isHalf = this.#options.upcoming(lot.length) === undefined;
    return last.solo || lot.length >= LOT_ITEMS || now >= end || isHalf;
  }

  /** Whether anything was sent because of it. */
  #report(lot: readonly Ended<E>[]): boolean {
    let sent = false;
    for (const { execution, outcome, busy, at } of lot) {
      if (this.#options.ended(execution, outcome, busy, at)) sent = true;
    }
    return sent;
  }
}
