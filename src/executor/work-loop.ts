import type { Execution, ExecutionOutcome } from "../core/execution.ts";
import { RESOLVED } from "../structures/resolved.ts";
import type { Executor } from "./executor.ts";

/**
 * Outcomes are reported in batches of at most this many items, or as many as took this many ms. After milliseconds of a handler's work, the
 * code that reports them has left the processor's caches and takes 30 µs instead of one.
 */
const BATCH_MS = 40;
const BATCH_ITEMS = 32;

interface Ended<E> {
  readonly execution: E;
  readonly outcome: ExecutionOutcome;
  readonly busyMs: number;
  readonly at: number;
}

export interface WorkLoopOptions<E extends Execution> {
  readonly executor: Executor;
  /** How long executions follow one another before the event loop runs. */
  readonly sliceMs: number;
  /** Takes the next execution off the local queue. */
  next(): E | undefined;
  /** Returns an execution of the local queue; 0 is the next. */
  upcoming(index: number): E | undefined;
  /**
   * An execution has ended in `execute`.
   *
   * @param busyMs - Time that its handler took.
   * @returns Whether a message was sent because of it.
   */
  ended(execution: E, outcome: ExecutionOutcome, busyMs: number, now: number): boolean;
  /** No more can be executed now: the queue is empty, or the executor is full. */
  rest?(): void;
  /** Wraps a callback, so that its errors end the session. */
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
      this.#sliceEnd = performance.now() + options.sliceMs;
      this.#work();
    });
    this.#goOn = options.guard(() => {
      this.#scheduled = false;
      this.#work();
    });
  }

  /** Works in the next turn of the event loop: messages that have arrived are read first. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#nextTurn);
  }

  /** Starts at once because items have arrived for an idle worker: no other message can have arrived before them. */
  start(): void {
    if (this.#scheduled) return;
    this.#sliceEnd = performance.now() + this.#options.sliceMs;
    this.resume();
  }

  /** A promise has settled, and there is room again. The slice goes on: short async handlers need no turn of the event loop each. */
  resume(): void {
    if (this.#scheduled) return;
    if (performance.now() >= this.#sliceEnd) return this.schedule();
    this.#scheduled = true;
    // Later, because the executor that calls this is in the middle of its own work.
    void RESOLVED.then(this.#goOn);
  }

  #work(): void {
    const { executor } = this.#options;
    let startedAt = performance.now();
    let batch: Ended<E>[] = [];
    let batchEnd = startedAt + BATCH_MS;
    while (executor.hasRoom()) {
      const execution = this.#options.next();
      if (execution === undefined) break;
      const outcome = executor.execute(execution);
      if (outcome === undefined) continue;
      const now = performance.now();
      batch.push({ execution, outcome, busyMs: now - startedAt, at: now });
      startedAt = now;
      if (!this.#isComplete(batch, execution, Math.min(batchEnd, this.#sliceEnd), now)) continue;
      const sent = this.#report(batch);
      // Messages leave, and their answers arrive, only when the event loop runs.
      if (sent || now >= this.#sliceEnd) return this.schedule();
      batch = [];
      batchEnd = now + BATCH_MS;
    }
    this.#report(batch);
    this.#options.rest?.();
  }

  /** A batch is reported early when it is half of the items here: results of short items need not wait for a long one behind them. */
  #isComplete(batch: readonly Ended<E>[], last: E, end: number, now: number): boolean {
    const isHalf = this.#options.upcoming(batch.length) === undefined;
    return last.solo || batch.length >= BATCH_ITEMS || now >= end || isHalf;
  }

  /** @returns Whether a message was sent because of it. */
  #report(batch: readonly Ended<E>[]): boolean {
    let sent = false;
    for (const { execution, outcome, busyMs, at } of batch) {
      if (this.#options.ended(execution, outcome, busyMs, at)) sent = true;
    }
    return sent;
  }
}
