import type { ResourceLimits } from "node:worker_threads";
import { type ErrorFacts, PipelineError } from "../../errors.ts";
import { describeThrown } from "../../protocol/thrown.ts";
import { settlesWithin } from "../settles-within.ts";
import { PoolThread } from "./pool-thread.ts";
import type { Outcomes } from "./thread-messages.ts";

/** So many threads in a row that end without having executed anything mean that none will. */
const FRUITLESS_LIMIT = 3;

/** Wait before a thread that the system refused is tried again, in ms; twice as long each time. */
const RETRY_MS = 50;
const MAX_RETRY_MS = 5000;

/** So many refusals in a row, while there is no other thread, mean that there will be none: 13 s. */
const REFUSAL_LIMIT = 9;

/** How long a terminated thread may take to end, in ms: native code of the user's cannot be interrupted. */
const TERMINATION_MS = 2000;

export interface ThreadPoolOptions {
  readonly threads: number;
  /** URL of the module that exports the class. */
  readonly module: string;
  readonly className: string;
  readonly resourceLimits: ResourceLimits | undefined;
  /** Longest time a result waits in a thread for others, in ms. */
  readonly flush: number;
  /** How long the hook at a thread's end may take, in ms. */
  readonly closeTimeout: number;
  /** Where an error of the pool happened. */
  readonly facts: ErrorFacts;
  /** How deep the run is within others. */
  readonly depth: number;
}

export interface PoolEvents {
  /** A thread takes jobs from now on. */
  ready(): void;
  outcomes(thread: PoolThread, outcomes: Outcomes): void;
  /** A thread ended by itself, and is being replaced; its jobs are still listed. */
  lost(thread: PoolThread, reason: string): void;
  /** Threads cannot be had. */
  failed(error: PipelineError): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

/** Threads, each replaced when it ends. */
export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  readonly #events: PoolEvents;
  readonly #threads = new Set<PoolThread>();
  /** Not in use any more, but not ended. */
  readonly #leaving = new Set<PoolThread>();
  #run: { readonly metadata: Uint8Array; readonly timeout: number; readonly context: string } | undefined;
  #begun: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;
  /** Why threads cannot be had. */
  #failure: PipelineError | undefined;
  #fruitless = 0;
  #closing = false;
  readonly #closeErrors: PipelineError[] = [];
  /** Threads that the system refused, in a row. */
  #refusals = 0;
  readonly #retries = new Set<NodeJS.Timeout>();

  constructor(options: ThreadPoolOptions, events: PoolEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** Starts them all. */
  open(): void {
    for (let index = 0; index < this.#options.threads; index += 1) this.#start(index);
  }

  [Symbol.iterator](): Iterator<PoolThread> {
    return this.#threads.values();
  }

  /** @returns Resolves when every thread is initialised. */
  async begin(metadata: Uint8Array, timeout: number, context: string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#run = { metadata, timeout, context };
    const begun = new Promise<void>((resolve, reject) => {
      this.#begun = { resolve, reject };
    });
    for (const thread of this.#threads) thread.begin(metadata, timeout, context);
    this.#checkBegun();
    await begun;
  }

  /** Ends a thread wherever it is, and starts another in its place. */
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
   * @param grace - How long exit handlers of the user's may take, in ms, beside the threads' hooks.
   * @returns What those hooks threw.
   */
  async close(grace: number): Promise<readonly PipelineError[]> {
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
    if (!(await settlesWithin(ended, grace + this.#options.closeTimeout))) terminate();
    await settlesWithin(ended, TERMINATION_MS);
    return this.#closeErrors;
  }

  /** A system without processes, descriptors or memory refuses a thread at once: the others work on, and it is tried again. */
  #start(index: number): void {
    let thread: PoolThread;
    try {
      thread = this.#make(index);
    } catch (cause) {
      return this.#refused(index, cause as Error);
    }
    this.#threads.add(thread);
    if (this.#run !== undefined) thread.begin(this.#run.metadata, this.#run.timeout, this.#run.context);
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
    const wait = Math.min(RETRY_MS * 2 ** (this.#refusals - 1), MAX_RETRY_MS);
    this.#events.note("the system refused a thread", { thread: index, message: cause.message, wait });
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      this.#start(index);
    }, wait);
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

/** What Node says of a thread that could not be had, at once or a moment later. */
function isRefusal(cause: Error | undefined): cause is Error {
  return cause !== undefined && "code" in cause && cause.code === "ERR_WORKER_INIT_FAILED";
}
