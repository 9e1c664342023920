import type { ResourceLimits } from "node:worker_threads";
import { type ErrorFacts, PipelineError } from "../../errors.ts";
import { describeThrown } from "../../protocol/thrown.ts";
import { settlesWithin } from "../settles-within.ts";
import { PoolThread } from "./pool-thread.ts";
import type { Outcomes } from "./thread-messages.ts";

/** The pool fails when this many threads in a row have ended without executing an item. */
const FRUITLESS_LIMIT = 3;

/** Wait before the pool tries again to start a thread that the system refused, in ms. It doubles each time. */
const RETRY_MS = 50;
const MAX_RETRY_MS = 5000;

/** The pool fails after this many refusals in a row, if it has no thread: after 13 s. */
const REFUSAL_LIMIT = 9;

/** How long a terminated thread may take to end, in ms: the user's native code cannot be interrupted. */
const TERMINATION_MS = 2000;

export interface ThreadPoolOptions {
  readonly threads: number;
  /** URL of the module that exports the class. */
  readonly module: string;
  readonly className: string;
  /** The id of the worker that has the threads. */
  readonly workerId: string;
  readonly resourceLimits: ResourceLimits | undefined;
  /** See `threadSetup`. */
  readonly setup?: string | undefined;
  /** Longest time that a result waits in a thread for others. */
  readonly flushMs: number;
  /** How long the hook at a thread's end may take. */
  readonly closeTimeoutMs: number;
  /** Where the pool's errors happen. */
  readonly facts: ErrorFacts;
  /** How many runs this run is nested in. */
  readonly depth: number;
}

export interface PoolEvents {
  /** A thread is initialised and takes jobs. */
  ready(): void;
  outcomes(thread: PoolThread, outcomes: Outcomes): void;
  /** A thread ended by itself and is being replaced; it still lists its jobs. */
  lost(thread: PoolThread, reason: string): void;
  /** The pool cannot start threads. */
  failed(error: PipelineError): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

/** A fixed number of threads. Each is replaced when it ends. */
export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  readonly #events: PoolEvents;
  readonly #threads = new Set<PoolThread>();
  /** Threads that are not used any more, but have not ended. */
  readonly #leaving = new Set<PoolThread>();
  #run: { readonly metadata: Uint8Array; readonly timeoutMs: number; readonly context: string } | undefined;
  #begun: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  /** Why the pool cannot start threads. */
  #failure: PipelineError | undefined;
  #fruitless = 0;
  #closing = false;
  readonly #closeErrors: PipelineError[] = [];
  /** Number of threads in a row that the system refused. */
  #refusals = 0;
  readonly #retries = new Set<NodeJS.Timeout>();

  constructor(options: ThreadPoolOptions, events: PoolEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** Starts all threads. */
  open(): void {
    for (let index = 0; index < this.#options.threads; index += 1) this.#start(index);
  }

  [Symbol.iterator](): Iterator<PoolThread> {
    return this.#threads.values();
  }

  /** @returns Resolves when every thread is initialised. */
  async begin(metadata: Uint8Array, timeoutMs: number, context: string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#run = { metadata, timeoutMs, context };
    const begun = new Promise<void>((resolve, reject) => {
      this.#begun = { resolve, reject };
    });
    for (const thread of this.#threads) thread.begin(metadata, timeoutMs, context);
    this.#checkBegun();
    await begun;
  }

  /** Ends a thread at once, whatever it executes, and starts another in its place. */
  replace(thread: PoolThread): void {
    thread.terminate();
    this.#substitute(thread);
  }

  /** Lets a thread without jobs end by itself, and starts another in its place. */
  recycle(thread: PoolThread): void {
    thread.exit();
    this.#substitute(thread);
  }

  /**
   * @param graceMs - How long the user's exit handlers may take, beside the threads' hooks.
   * @returns The errors of these hooks.
   */
  async close(graceMs: number): Promise<readonly PipelineError[]> {
    this.#closing = true;
    for (const timer of this.#retries) clearTimeout(timer);
    const ending = [...this.#threads, ...this.#leaving];
    for (const thread of this.#threads) {
      if (thread.isReady && thread.jobs.size === 0) thread.exit();
      else thread.terminate();
    }
    const terminate = () => {
      for (const thread of ending) thread.terminate();
    };
    const ended = Promise.all(ending.map(({ exited }) => exited));
    if (!(await settlesWithin(ended, graceMs + this.#options.closeTimeoutMs))) terminate();
    await settlesWithin(ended, TERMINATION_MS);
    return this.#closeErrors;
  }

  /** A system that is short of threads, descriptors or memory may refuse a thread: the others work on, and the pool tries again. */
  #start(index: number): void {
    let thread: PoolThread;
    try {
      thread = this.#make(index);
    } catch (cause) {
      return this.#refused(index, cause as Error);
    }
    this.#threads.add(thread);
    if (this.#run !== undefined) thread.begin(this.#run.metadata, this.#run.timeoutMs, this.#run.context);
  }

  #make(index: number): PoolThread {
    const thread: PoolThread = new PoolThread(index, this.#options, {
      ready: () => this.#ready(thread),
      outcomes: (outcomes) => {
        this.#fruitless = 0;
        this.#events.outcomes(thread, outcomes);
      },
      unusable: (error) => this.#fail(error.message, error),
      closeFailed: (message) => {
        this.#closeErrors.push(new PipelineError("CLOSE_FAILED", message, this.#options.facts));
        this.#events.note("a thread's hook at its end failed", { thread: index, message });
      },
      exited: (cause, exitCode) => this.#exited(thread, cause, exitCode),
    });
    return thread;
  }

  #refused(index: number, cause: Error): void {
    this.#refusals += 1;
    if (this.#refusals >= REFUSAL_LIMIT && this.#threads.size === 0)
      return this.#fail(`the system has no room for thread ${index}: ${cause.message}`, cause);
    const waitMs = Math.min(RETRY_MS * 2 ** (this.#refusals - 1), MAX_RETRY_MS);
    this.#events.note("the system refused a thread", { thread: index, message: cause.message, waitMs });
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      this.#start(index);
    }, waitMs);
    this.#retries.add(timer);
  }

  #substitute(thread: PoolThread): void {
    this.#threads.delete(thread);
    this.#leaving.add(thread);
    if (!this.#closing) this.#start(thread.index);
  }

  #ready(thread: PoolThread): void {
    thread.isReady = true;
    this.#refusals = 0;
    this.#checkBegun();
    if (this.#threads.has(thread)) this.#events.ready();
  }

  #checkBegun(): void {
    if (this.#threads.size === 0 || ![...this.#threads].every(({ isReady }) => isReady)) return;
    this.#begun?.resolve();
    this.#begun = undefined;
  }

  #exited(thread: PoolThread, cause: Error | undefined, exitCode: number): void {
    this.#leaving.delete(thread);
    if (!this.#threads.delete(thread) || this.#closing || this.#failure !== undefined) return;
    const reason = cause === undefined ? `exit code ${exitCode}` : describeThrown(cause);
    if (isRefusal(cause)) return this.#refused(thread.index, cause);
    if (!thread.isReady) {
      this.#fail(`thread ${thread.index} ended while it was starting: ${reason}`, cause);
      return;
    }
    this.#fruitless += 1;
    this.#events.lost(thread, reason);
    if (this.#fruitless >= FRUITLESS_LIMIT && thread.given === 0) {
      this.#fail(`threads end before they get an item: ${reason}`, cause);
      return;
    }
    this.#start(thread.index);
  }

  #fail(reason: string, cause: Error | undefined): void {
    if (this.#failure !== undefined || this.#closing) return;
    const { facts, className } = this.#options;
    const text = `The threads of ${className} could not be started: ${reason}`;
    this.#failure = new PipelineError("INIT_FAILED", text, { ...facts, cause });
    this.#begun?.reject(this.#failure);
    this.#events.failed(this.#failure);
  }
}

/** Whether Node's error says that the system refused a thread. It comes at once, or a moment later. */
function isRefusal(cause: Error | undefined): cause is Error {
  return cause !== undefined && "code" in cause && cause.code === "ERR_WORKER_INIT_FAILED";
}
