import {
  MessageChannel,
  type MessagePort,
  type ResourceLimits,
  receiveMessageOnPort,
  Worker,
} from "node:worker_threads";
import type { Execution } from "../../core/execution.ts";
import type { ErrorFacts } from "../../errors.ts";
import { reviveError } from "../../protocol/revive-error.ts";
import { asError } from "../../protocol/thrown.ts";
import { ownFile } from "../../self/own-file.ts";
import type { ExecutionTimer } from "../execution-timer.ts";
import { JobStates, MAX_JOBS } from "./job-states.ts";
import type { FromThread, Outcomes, ThreadData, ToThread } from "./thread-messages.ts";
import { toTransferable, transferList } from "./transferable-payloads.ts";

/** After this many ticks (160 ms) without an outcome, a thread's job is long. Ticks, not time: the main thread may be late. */
const LONG_TICKS = 8;

/** After this many ticks (half a second), outcomes that wait in the thread behind a long job are not waited for. */
const STUCK_TICKS = 25;

/** An item that is with a thread, or waits for one. */
export interface PoolJob {
  readonly execution: Execution;
  /** What the thread's handler gets. Kept because another thread may have to take over. */
  readonly payload: Uint8Array;
  readonly timer: ExecutionTimer;
}

export interface ThreadOptions {
  /** URL of the module that exports the class. */
  readonly module: string;
  readonly className: string;
  /** The id of the worker that has the threads. */
  readonly workerId: string;
  /** The name of the task type is among the facts. */
  readonly facts: ErrorFacts;
  readonly resourceLimits: ResourceLimits | undefined;
  /** See `threadSetup`. */
  readonly setup?: string | undefined;
  /** Longest time that a result waits for others. */
  readonly flushMs: number;
  /** How many runs this run is nested in. */
  readonly depth: number;
}

export interface ThreadEvents {
  ready(): void;
  outcomes(outcomes: Outcomes): void;
  /** The thread cannot work: its module, its class or its initialisation is at fault. */
  unusable(error: Error): void;
  /** The thread ends, and its `closeThread()` threw. */
  closeFailed(message: string): void;
  /** The thread has ended, on request or not. */
  exited(cause: Error | undefined, exitCode: number): void;
}

/** One thread of a pool, as the main thread sees it: its jobs and the state of each. */
export class PoolThread {
  readonly index: number;
  isReady = false;
  /** Jobs that have not ended, by serial number, in order of execution. */
  readonly jobs = new Map<number, PoolJob>();
  /** Number of jobs that the thread was given since it started. */
  given = 0;
  /** Resolves when the thread has ended. */
  readonly exited: Promise<void>;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #states: JobStates;
  /** Jobs that are not sent yet. */
  #batch: PoolJob[] = [];
  #passed = 0;
  /** The oldest job at the last tick, and for how many ticks it has been the oldest. */
  #oldest: number | undefined;
  #ticks = 0;
  #cause: Error | undefined;

  constructor(index: number, options: ThreadOptions, events: ThreadEvents) {
    this.index = index;
    const { module, className, workerId, resourceLimits, setup, flushMs, depth } = options;
    const states = JobStates.allocate();
    this.#states = new JobStates(states);
    // A port of our own: `parentPort` is left to the user's code in the thread.
    const { port1, port2 } = new MessageChannel();
    const { taskType } = options.facts;
    const workerData: ThreadData = {
      module,
      className,
      taskType,
      workerId,
      index,
      setup,
      states,
      flushMs,
      port: port2,
      depth,
    };
    this.#port = port1;
    this.#worker = new Worker(ownFile("executor/threads/thread-entry.js"), {
      workerData,
      transferList: [port2],
      argv: process.argv.slice(2), // users' code reads the same command line in each thread
      name: `${className} ${index}`,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    const receive = (message: FromThread) => {
      if (message.kind === "outcomes") events.outcomes(message);
      else if (message.kind === "ready") events.ready();
      else if (message.kind === "unusable") events.unusable(reviveError(message.error));
      else if (message.kind === "closeFailed") events.closeFailed(message.error.message);
    };
    port1.on("message", receive);
    this.#worker.on("error", (error) => {
      this.#cause = asError(error); // any value may have been thrown
    });
    this.exited = new Promise((resolve) => {
      this.#worker.once("exit", (exitCode) => {
        // The thread's last messages may not have been delivered.
        for (let last = receiveMessageOnPort(port1); last !== undefined; last = receiveMessageOnPort(port1))
          receive(last.message as FromThread);
        port1.close();
        resolve();
        events.exited(this.#cause, exitCode);
      });
    });
  }

  /** Number of jobs in the thread's queue, the running one included. A job that is taken back counts until the thread has skipped it. */
  get load(): number {
    return this.given - this.#passed;
  }

  hasRoom(limit: number): boolean {
    const isInLongJob = this.#ticks >= LONG_TICKS; // nothing waits behind it
    return this.isReady && !isInLongJob && this.load < Math.min(limit, MAX_JOBS);
  }

  begin(metadata: Uint8Array, timeoutMs: number, context: string): void {
    this.#post({ kind: "begin", metadata, timeoutMs, context });
  }

  /** Gives the thread a job, which is sent with `flush()`. @returns The job's serial number. */
  push(job: PoolJob): number {
    this.given += 1;
    this.#states.queue(this.given);
    this.jobs.set(this.given, job);
    this.#batch.push(job);
    return this.given;
  }

  flush(): void {
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    const payloads = toTransferable(batch.map(({ payload }) => payload));
    const message: ToThread = {
      kind: "jobs",
      firstSerial: this.given - batch.length + 1,
      sourceIds: batch.map(({ execution }) => execution.sourceId),
      seqs: batch.map(({ execution }) => execution.seq),
      attempts: batch.map(({ execution }) => execution.attempt),
      contexts: batch.some(({ execution }) => execution.context !== "")
        ? batch.map(({ execution }) => execution.context)
        : [],
      ...payloads,
    };
    this.#port.postMessage(message, transferList(payloads));
  }

  /** @param passed - Serial number: every job up to this one has left the thread's queue. */
  pass(passed: number): void {
    this.#passed = passed;
  }

  /** A job has ended. @returns Nothing when the job was taken back or has timed out before. */
  end(serial: number): PoolJob | undefined {
    const job = this.jobs.get(serial);
    this.jobs.delete(serial);
    if (serial === this.#oldest) this.#ticks = 0;
    return job;
  }

  isRunning(serial: number): boolean {
    return this.#states.isRunning(serial);
  }

  /**
   * Takes jobs away from a thread that is stuck in a long one: those behind it, and, when it takes very long, those that have ended and whose
   * outcomes the thread cannot send. Call it at each tick.
   *
   * @returns Jobs for other threads. What this thread reports of them later is dropped.
   */
  takeStuck(): PoolJob[] {
    const [oldest] = this.jobs.keys();
    this.#ticks = oldest !== undefined && oldest === this.#oldest ? this.#ticks + 1 : 0;
    this.#oldest = oldest;
    if (this.#ticks < LONG_TICKS || this.jobs.size < 2) return [];
    const taken = this.take(this.jobs.size - 1);
    if (this.#ticks < STUCK_TICKS) return taken;
    for (const [serial, job] of this.jobs) {
      if (!this.#states.isDone(serial)) break;
      this.jobs.delete(serial);
      taken.push(job);
    }
    return taken;
  }

  /** Takes back up to `count` jobs that the thread has not started, from the end of its queue. */
  take(count: number): PoolJob[] {
    const taken: PoolJob[] = [];
    for (const [serial, job] of [...this.jobs].reverse()) {
      if (taken.length >= count || !this.#states.take(serial)) break;
      this.jobs.delete(serial);
      taken.push(job);
    }
    return taken;
  }

  /** Aborts a job that runs, or takes back one that does not. @returns Whether it runs. */
  abort(serial: number, reason: "expired" | "unwanted"): boolean {
    if (this.#states.take(serial)) {
      this.jobs.delete(serial);
      return false;
    }
    if (this.#states.abort(serial, reason)) this.#post({ kind: "abort", serial });
    return true;
  }

  /** Lets the thread end by itself: its `closeThread()` and the user's exit handlers are called. */
  exit(): void {
    this.isReady = false;
    this.#post({ kind: "exit" });
  }

  /** Ends the thread at once, whatever it executes. */
  terminate(): void {
    this.isReady = false;
    void this.#worker.terminate();
  }

  #post(message: ToThread): void {
    this.#port.postMessage(message);
  }
}
