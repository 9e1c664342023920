import type { Execution, ExecutionOutcome } from "../../core/execution.ts";
import type { PipelineError } from "../../errors.ts";
import { encodePayload, type Payload } from "../../protocol/payload/payload.ts";
import type { TaskType } from "../../protocol/task-type.ts";
import { givenUp, timedOut } from "../execution-outcome.ts";
import { ExecutionTimer } from "../execution-timer.ts";
import type { Executor, ExecutorPort } from "../executor.ts";
import type { Handler } from "../handler.ts";
import { InlineExecutor } from "../inline-executor.ts";
import { settlesWithin } from "../settles-within.ts";
import { FailedThreads } from "./failed-threads.ts";
import type { PoolJob, PoolThread } from "./pool-thread.ts";
import type { Outcomes } from "./thread-messages.ts";
import { ThreadPool, type ThreadPoolOptions } from "./thread-pool.ts";
import { fromTransferable } from "./transferable-payloads.ts";

/** Items that take longer, in ms, do not wait in a thread's queue: fetching the next one costs them less than 1 %. */
const LONG_MS = 50;

/** Weight of the newest measurement of the service time. */
const WEIGHT = 0.2;

export interface ThreadedExecutorOptions extends ThreadPoolOptions {
  readonly taskType: TaskType;
  /** Work that each thread has in its queue, in ms. */
  readonly queue: number;
  /** A thread is replaced after so many items. */
  readonly maxItemsPerThread: number;
  /** Makes of an item what goes to the thread, in the main thread. Absent: the item goes as it came. */
  readonly forward: Handler | undefined;
}

/**
 * Runs the handler in worker threads. Each has a queue as short as keeps it busy; what was queued behind an item that takes
 * long moves to a thread that idles. A thread that dies fails the item that it was executing, and is replaced.
 */
export class ThreadedExecutor implements Executor {
  readonly slots: number;
  readonly #options: ThreadedExecutorOptions;
  readonly #pool: ThreadPool;
  /** Runs `forward`. */
  readonly #stage: InlineExecutor | undefined;
  readonly #places = new Map<Execution, { readonly thread: PoolThread; readonly serial: number }>();
  /** Aborted before they came to a thread. */
  readonly #unwanted = new WeakSet<Execution>();
  /** Jobs of lost threads, until one has room for them. */
  #homeless: PoolJob[] = [];
  /** Jobs that have failed on the threads that have room, and wait for another. */
  #choosy: PoolJob[] = [];
  readonly #failures = new FailedThreads();
  #port: ExecutorPort | undefined;
  #timeout = 0;
  /** Handler time per item in ms. */
  #service: number | undefined;
  #flushScheduled = false;
  #idle: (() => void) | undefined;

  constructor(options: ThreadedExecutorOptions) {
    this.#options = options;
    this.slots = options.threads;
    const { forward, taskType, threads } = options;
    this.#stage = forward === undefined ? undefined : new InlineExecutor(forward, taskType, threads);
    this.#pool = new ThreadPool(options, {
      ready: () => this.#settleIn(),
      outcomes: (thread, outcomes) => this.#outcomes(thread, outcomes),
      lost: (thread, reason) => this.#lost(thread, reason),
      failed: (error) => this.#port?.failed(error),
      note: (event, facts) => this.#port?.note(event, facts),
    });
  }

  open(port: ExecutorPort): void {
    this.#port = port;
    this.#stage?.open({
      ...port,
      finished: (execution, outcome, busy, more) => {
        if (!outcome.ok) return port.finished(execution, outcome, busy, more);
        if (!this.#unwanted.has(execution)) this.#assign(execution, outcome.payload);
      },
    });
    this.#pool.open();
  }

  async begin(metadata: Payload, timeout: number, context: string): Promise<void> {
    this.#timeout = timeout;
    await this.#stage?.begin(metadata, timeout, context);
    await this.#pool.begin(encodePayload(metadata, "metadata"), timeout, context);
  }

  hasRoom(): boolean {
    if (this.#homeless.length > 0 || this.#choosy.length >= this.slots) return false;
    if (this.#stage?.hasRoom() === false) return false;
    return this.#roomiest() !== undefined;
  }

  execute(execution: Execution): ExecutionOutcome | undefined {
    if (this.#stage === undefined) {
      this.#assign(execution, execution.payload);
      return undefined;
    }
    const outcome = this.#stage.execute(execution);
    if (!outcome?.ok) return outcome;
    this.#assign(execution, outcome.payload);
    return undefined;
  }

  abort(execution: Execution): boolean {
    const place = this.#places.get(execution);
    if (place === undefined) {
      const isOther = (job: PoolJob) => job.execution !== execution;
      this.#homeless = this.#homeless.filter(isOther);
      this.#choosy = this.#choosy.filter(isOther);
      this.#unwanted.add(execution);
      this.#stage?.abort(execution);
      return false;
    }
    const isRunning = place.thread.abort(place.serial, "unwanted");
    if (!isRunning) this.#places.delete(execution);
    return isRunning;
  }

  tick(now: number): void {
    this.#stage?.tick(now);
    if (this.#timeout > 0) for (const thread of [...this.#pool]) this.#checkTimeouts(thread, now);
    this.#rebalance();
  }

  async close(grace: number): Promise<readonly PipelineError[]> {
    for (const execution of [...this.#places.keys()]) this.abort(execution);
    this.#homeless = [];
    this.#choosy = [];
    await this.#stage?.close(grace);
    if (this.#places.size > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
      await settlesWithin(idle, grace);
    }
    return await this.#pool.close(grace);
  }

  // --- jobs to threads ------------------------------------------------------------------------------------------------

  #assign(execution: Execution, payload: Uint8Array): void {
    this.#place({ execution, payload, timer: new ExecutionTimer() });
  }

  #place(job: PoolJob): void {
    const others = this.#failures.others(job.execution, this.#pool);
    const thread = this.#roomiest(others);
    if (thread === undefined) {
      (others === this.#pool ? this.#homeless : this.#choosy).push(job);
      return;
    }
    this.#places.set(job.execution, { thread, serial: thread.push(job) });
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    // What is assigned in one go travels in one message to each thread.
    queueMicrotask(() => {
      this.#flushScheduled = false;
      for (const each of this.#pool) each.flush();
    });
  }

  /** The thread with the fewest jobs, if it has room. */
  #roomiest(threads: Iterable<PoolThread> = this.#pool): PoolThread | undefined {
    const limit = this.#queueLimit();
    let found: PoolThread | undefined;
    for (const thread of threads) {
      if (!thread.hasRoom(limit) || thread.given >= this.#options.maxItemsPerThread) continue;
      if (found === undefined || thread.load < found.load) found = thread;
    }
    return found;
  }

  /** Jobs that a thread may have, the running one included. */
  #queueLimit(): number {
    if (this.#service === undefined || this.#service >= LONG_MS) return 1;
    return 1 + Math.ceil(this.#options.queue / Math.max(this.#service, 0.001));
  }

  /** Jobs without a thread go first, then there is room for new ones. */
  #settleIn(): void {
    const waiting = [...this.#choosy, ...this.#homeless];
    this.#choosy = [];
    this.#homeless = [];
    for (const job of waiting) this.#place(job);
    this.#port?.room(false);
  }

  /** A thread that idles takes half of what waits behind a running item. */
  #rebalance(): void {
    let idle = 0;
    let longest: PoolThread | undefined;
    for (const thread of this.#pool) {
      if (thread.isReady && thread.load === 0) idle += 1;
      if (thread.jobs.size > 1 && thread.jobs.size > (longest?.jobs.size ?? 0)) longest = thread;
    }
    if (idle === 0 || longest === undefined) return;
    for (const job of longest.take(Math.ceil((longest.jobs.size - 1) / 2))) this.#place(job);
  }

  // --- what threads say -----------------------------------------------------------------------------------------------

  #outcomes(thread: PoolThread, outcomes: Outcomes): void {
    const { serials, busy, failed, passed } = outcomes;
    thread.pass(passed);
    this.#measure(busy);
    let left = serials.length + failed.length;
    for (const [at, payload] of fromTransferable(outcomes).entries()) {
      left -= 1;
      const job = thread.end(serials[at] ?? 0);
      if (job !== undefined) this.#finish(job, { ok: true, payload }, busy[at] ?? 0, left > 0);
    }
    for (const { serial, busy, error, retryable } of failed) {
      left -= 1;
      const job = thread.end(serial);
      if (job === undefined) continue;
      this.#failures.add(job.execution, thread);
      const outcome = job.timer.expired ? this.#timedOut(job) : ({ ok: false, error, retryable } as const);
      this.#finish(job, outcome, busy, left > 0);
    }
    if (thread.isReady && thread.load === 0 && thread.given >= this.#options.maxItemsPerThread) {
      this.#pool.recycle(thread);
    }
    this.#settleIn();
  }

  #measure(busy: readonly number[]): void {
    if (busy.length === 0) return;
    const service = busy.reduce((sum, each) => sum + each, 0) / busy.length;
    this.#service ??= service;
    this.#service += WEIGHT * (service - this.#service);
  }

  /** The running item is at fault; those queued behind it go to others. */
  #lost(thread: PoolThread, reason: string): void {
    this.#port?.note("a thread ended", { thread: thread.index, reason });
    this.#evict(thread, (job) =>
      job.timer.expired
        ? this.#timedOut(job)
        : givenUp("THREAD_LOST", `The thread ended: ${reason}`, job.execution, this.#options.taskType.name),
    );
  }

  #checkTimeouts(thread: PoolThread, now: number): void {
    for (const [serial, job] of thread.jobs) {
      if (!thread.isRunning(serial)) continue;
      const due = job.timer.check(now, this.#timeout);
      if (due === "abort") thread.abort(serial, "expired");
      if (due !== "give up") return; // at most one runs
      this.#port?.note("a thread is terminated", { thread: thread.index, timeout: this.#timeout });
      this.#pool.replace(thread);
      return this.#evict(thread, () => this.#timedOut(job));
    }
  }

  /** Takes everything from a thread that is no more. */
  #evict(thread: PoolThread, outcomeOfRunning: (job: PoolJob) => ExecutionOutcome): void {
    const jobs = [...thread.jobs];
    thread.jobs.clear();
    for (const [serial, job] of jobs) {
      if (thread.isRunning(serial)) {
        this.#finish(job, outcomeOfRunning(job), 0, false);
      } else if (this.#places.has(job.execution)) {
        this.#place(job);
      }
    }
    this.#port?.room(false);
  }

  #finish({ execution }: PoolJob, outcome: ExecutionOutcome, busy: number, more: boolean): void {
    this.#places.delete(execution);
    this.#port?.finished(execution, outcome, busy, more);
    if (this.#places.size === 0) this.#idle?.();
  }

  #timedOut({ execution }: PoolJob): ExecutionOutcome {
    return timedOut(execution, this.#options.taskType.name, this.#timeout);
  }
}
