import type { Execution } from "../../core/execution.ts";
import { FailedThreads } from "./failed-threads.ts";
import type { PoolJob, PoolThread } from "./pool-thread.ts";

/** Items that take longer, in ms, do not wait in a thread's queue: fetching the next one costs them less than 1 %. */
const LONG_MS = 50;

/** Most jobs that a thread may have before anything is measured: the second one is there when the first has ended. */
const UNMEASURED = 2;

/** Weight of the newest measurement of the service time. */
const WEIGHT = 0.2;

export interface JobPlacementOptions {
  readonly threads: number;
  /** Work in each thread's queue, in ms. */
  readonly queueMs: number;
  /** Number of items after which a thread is replaced. */
  readonly maxItemsPerThread: number;
}

/**
 * Chooses a thread for each job. A thread's queue is only as long as keeps the thread busy, and an idle thread takes over jobs that wait
 * behind a long one.
 */
export class JobPlacement {
  readonly #options: JobPlacementOptions;
  readonly #pool: Iterable<PoolThread>;
  readonly #places = new Map<Execution, { readonly thread: PoolThread; readonly serial: number }>();
  /** Jobs that wait because no thread has room, such as those of a lost thread. */
  #waitingForRoom: PoolJob[] = [];
  /** Jobs that wait because they have failed on every thread that has room. */
  #waitingForOthers: PoolJob[] = [];
  readonly #failures = new FailedThreads();
  /** Mean handler time of an item, in ms. */
  #serviceMs: number | undefined;
  #isFlushScheduled = false;

  constructor(options: JobPlacementOptions, pool: Iterable<PoolThread>) {
    this.#options = options;
    this.#pool = pool;
  }

  /** Executions whose job is with a thread. */
  get placed(): Execution[] {
    return [...this.#places.keys()];
  }

  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  hasRoom(): boolean {
    if (this.#waitingForRoom.length > 0 || this.#waitingForOthers.length >= this.#options.threads)
      return false;
    return this.#roomiest(this.#pool) !== undefined;
  }

  placeOf(execution: Execution): { readonly thread: PoolThread; readonly serial: number } | undefined {
    return this.#places.get(execution);
  }

  place(job: PoolJob): void {
    const others = this.#failures.others(job.execution, this.#pool);
    const thread = this.#roomiest(others);
    if (thread === undefined) {
      this.#places.delete(job.execution);
      (others === this.#pool ? this.#waitingForRoom : this.#waitingForOthers).push(job);
      return;
    }
    this.#places.set(job.execution, { thread, serial: thread.push(job) });
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    // Jobs that are placed in one turn travel in one message to each thread.
    queueMicrotask(() => {
      this.#isFlushScheduled = false;
      for (const each of this.#pool) each.flush();
    });
  }

  /** Places the jobs that wait, as far as there is room. */
  placeWaiting(): void {
    const waiting = [...this.#waitingForOthers, ...this.#waitingForRoom];
    this.dropAllWaiting();
    for (const job of waiting) this.place(job);
  }

  /** Takes up to `count` jobs back that no thread has started: those that wait for a thread, and then the ends of the threads' queues. */
  takeBack(count: number): PoolJob[] {
    const taken: PoolJob[] = [];
    for (const waiting of [this.#waitingForRoom, this.#waitingForOthers])
      while (taken.length < count && waiting.length > 0) taken.push(waiting.pop() as PoolJob);
    const threads = [...this.#pool].filter(({ jobs }) => jobs.size > 1);
    let left = threads.reduce((sum, { jobs }) => sum + jobs.size - 1, 0);
    for (const thread of threads) {
      const behind = thread.jobs.size - 1;
      const share = Math.ceil((Math.min(count - taken.length, left) * behind) / left);
      left -= behind;
      for (const job of thread.take(share)) {
        this.#places.delete(job.execution);
        taken.push(job);
      }
    }
    return taken;
  }

  /** The job is with no thread any more. */
  remove(execution: Execution): void {
    this.#places.delete(execution);
  }

  /** The job failed on this thread: its next attempt goes to another one. */
  failed(execution: Execution, thread: PoolThread): void {
    this.#failures.add(execution, thread);
  }

  /** Forgets the job if it waits for a thread. */
  dropWaiting(execution: Execution): void {
    const isOther = (job: PoolJob) => job.execution !== execution;
    this.#waitingForRoom = this.#waitingForRoom.filter(isOther);
    this.#waitingForOthers = this.#waitingForOthers.filter(isOther);
  }

  dropAllWaiting(): void {
    this.#waitingForRoom = [];
    this.#waitingForOthers = [];
  }

  /** @param busyMs - Handler times of items that have ended. */
  measure(busyMs: readonly number[]): void {
    if (busyMs.length === 0) return;
    const serviceMs = busyMs.reduce((sum, each) => sum + each, 0) / busyMs.length;
    this.#serviceMs ??= serviceMs;
    this.#serviceMs += WEIGHT * (serviceMs - this.#serviceMs);
  }

  /** An idle thread takes half of the jobs that wait behind a running item. */
  rebalance(): void {
    let idle = 0;
    let longest: PoolThread | undefined;
    for (const thread of this.#pool) {
      if (thread.isReady && thread.load === 0) idle += 1;
      if (thread.jobs.size > 1 && thread.jobs.size > (longest?.jobs.size ?? 0)) longest = thread;
    }
    if (idle === 0 || longest === undefined) return;
    for (const job of longest.take(Math.ceil((longest.jobs.size - 1) / 2))) this.place(job);
  }

  /** The thread with the fewest jobs, if it has room. */
  #roomiest(threads: Iterable<PoolThread>): PoolThread | undefined {
    const limit = this.#queueLimit();
    let found: PoolThread | undefined;
    for (const thread of threads) {
      if (!thread.hasRoom(limit) || thread.given >= this.#options.maxItemsPerThread) continue;
      if (found === undefined || thread.load < found.load) found = thread;
    }
    return found;
  }

  /** Most jobs that a thread may have, the running one included. */
  #queueLimit(): number {
    if (this.#serviceMs === undefined) return UNMEASURED;
    if (this.#serviceMs >= LONG_MS) return 1;
    return 1 + Math.ceil(this.#options.queueMs / Math.max(this.#serviceMs, 0.001));
  }
}
