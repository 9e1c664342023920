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
import { JobPlacement, type JobPlacementOptions } from "./job-placement.ts";
import type { PoolJob, PoolThread } from "./pool-thread.ts";
import type { Outcomes } from "./thread-messages.ts";
import { ThreadPool, type ThreadPoolOptions } from "./thread-pool.ts";
import { fromTransferable } from "./transferable-payloads.ts";

export interface ThreadedExecutorOptions extends ThreadPoolOptions, JobPlacementOptions {
  readonly taskType: TaskType;
  /** Runs in the main thread and returns what goes to the thread. Absent: the item goes to the thread undecoded. */
  readonly forward: Handler | undefined;
}

/** Runs the handler in worker threads. A thread that dies fails the item that it was executing, and is replaced. */
export class ThreadedExecutor implements Executor {
  readonly slots: number;
  readonly #options: ThreadedExecutorOptions;
  readonly #pool: ThreadPool;
  readonly #placement: JobPlacement;
  /** Runs `forward`. */
  readonly #stage: InlineExecutor | undefined;
  /** Executions that were aborted before they came to a thread. */
  readonly #unwanted = new WeakSet<Execution>();
  #port: ExecutorPort | undefined;
  #timeoutMs = 0;
  #idle: (() => void) | undefined;

  constructor(options: ThreadedExecutorOptions) {
    this.#options = options;
    this.slots = options.threads;
    const { forward, taskType, threads } = options;
    this.#stage = forward === undefined ? undefined : new InlineExecutor(forward, taskType, threads);
    this.#pool = new ThreadPool(options, {
      ready: () => this.#roomCameFree(),
      outcomes: (thread, outcomes) => this.#outcomes(thread, outcomes),
      lost: (thread, reason) => this.#lost(thread, reason),
      failed: (error) => this.#port?.failed(error),
      note: (event, facts) => this.#port?.note(event, facts),
    });
    this.#placement = new JobPlacement(options, this.#pool);
  }

  open(port: ExecutorPort): void {
    this.#port = port;
    this.#stage?.open({
      ...port,
      finished: (execution, outcome, busyMs, more) => {
        if (!outcome.ok) return port.finished(execution, outcome, busyMs, more);
        if (!this.#unwanted.has(execution)) this.#assign(execution, outcome.payload);
      },
    });
    this.#pool.open();
  }

  async begin(metadata: Payload, timeoutMs: number, context: string): Promise<void> {
    this.#timeoutMs = timeoutMs;
    await this.#stage?.begin(metadata, timeoutMs, context);
    await this.#pool.begin(encodePayload(metadata, "metadata"), timeoutMs, context);
  }

  hasRoom(): boolean {
    return this.#stage?.hasRoom() !== false && this.#placement.hasRoom();
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
    const place = this.#placement.placeOf(execution);
    if (place === undefined) {
      this.#placement.dropWaiting(execution);
      this.#unwanted.add(execution);
      this.#stage?.abort(execution);
      return false;
    }
    const isRunning = place.thread.abort(place.serial, "unwanted");
    if (!isRunning) this.#placement.remove(execution);
    return isRunning;
  }

  takeBack(count: number): readonly Execution[] {
    return this.#placement.takeBack(count).map(({ execution }) => execution);
  }

  tick(now: number): void {
    this.#stage?.tick(now);
    if (this.#timeoutMs > 0) for (const thread of [...this.#pool]) this.#checkTimeouts(thread, now);
    if (this.slots > 1)
      for (const thread of this.#pool) for (const job of thread.takeStuck()) this.#placement.place(job);
    this.#placement.rebalance();
  }

  async close(graceMs: number): Promise<readonly PipelineError[]> {
    for (const execution of this.#placement.placed) this.abort(execution);
    this.#placement.dropAllWaiting();
    await this.#stage?.close(graceMs);
    if (!this.#placement.isEmpty) {
      const idle = new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
      await settlesWithin(idle, graceMs);
    }
    return await this.#pool.close(graceMs);
  }

  #assign(execution: Execution, payload: Uint8Array): void {
    this.#placement.place({ execution, payload, timer: new ExecutionTimer() });
  }

  /** Jobs that wait for a thread go first; then there is room for new ones. */
  #roomCameFree(): void {
    this.#placement.placeWaiting();
    this.#port?.room(false);
  }

  #outcomes(thread: PoolThread, outcomes: Outcomes): void {
    const { serials, busyMs, failed, passed } = outcomes;
    thread.pass(passed);
    this.#placement.measure(busyMs);
    let left = serials.length + failed.length;
    for (const [at, payload] of fromTransferable(outcomes).entries()) {
      left -= 1;
      const job = thread.end(serials[at] ?? 0);
      if (job !== undefined) this.#finish(job, { ok: true, payload }, busyMs[at] ?? 0, left > 0);
    }
    for (const { serial, busyMs, error, retryable } of failed) {
      left -= 1;
      const job = thread.end(serial);
      if (job === undefined) continue;
      this.#placement.failed(job.execution, thread);
      const outcome = job.timer.expired ? this.#timedOut(job) : ({ ok: false, error, retryable } as const);
      this.#finish(job, outcome, busyMs, left > 0);
    }
    if (thread.isReady && thread.load === 0 && thread.given >= this.#options.maxItemsPerThread) {
      this.#pool.recycle(thread);
    }
    this.#roomCameFree();
    if (thread.load === 0) this.#placement.rebalance();
  }

  /** The running item is at fault; those queued behind it go to other threads. */
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
      const due = job.timer.check(now, this.#timeoutMs);
      if (due === "abort") thread.abort(serial, "expired");
      if (due !== "give up") return; // at most one job runs
      this.#port?.note("a thread is terminated", { thread: thread.index, timeout: this.#timeoutMs });
      this.#pool.replace(thread);
      return this.#evict(thread, () => this.#timedOut(job));
    }
  }

  /** Takes all jobs from a thread that has ended, or will: the running one ends with an outcome, the others go to other threads. */
  #evict(thread: PoolThread, outcomeOfRunning: (job: PoolJob) => ExecutionOutcome): void {
    const jobs = [...thread.jobs];
    thread.jobs.clear();
    for (const [serial, job] of jobs) {
      if (thread.isRunning(serial)) {
        this.#finish(job, outcomeOfRunning(job), 0, false);
      } else if (this.#placement.placeOf(job.execution) !== undefined) {
        this.#placement.place(job);
      }
    }
    this.#port?.room(false);
  }

  #finish({ execution }: PoolJob, outcome: ExecutionOutcome, busyMs: number, more: boolean): void {
    this.#placement.remove(execution);
    this.#port?.finished(execution, outcome, busyMs, more);
    if (this.#placement.isEmpty) this.#idle?.();
  }

  #timedOut({ execution }: PoolJob): ExecutionOutcome {
    return timedOut(execution, this.#options.taskType.name, this.#timeoutMs);
  }
}
