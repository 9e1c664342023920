import type { ExecutionOutcome } from "../../core/execution.ts";
import { decodeOwnValue } from "../../protocol/payload/payload.ts";
import type { TaskType } from "../../protocol/task-type.ts";
import { isPromiseLike } from "../../structures/is-promise-like.ts";
import { DecodeAhead } from "../decode-ahead.ts";
import { ExecutionInfo } from "../execution-info.ts";
import { abortReason, failure, success, timeoutReason } from "../execution-outcome.ts";
import type { Handler } from "../handler.ts";
import type { JobStates } from "./job-states.ts";
import type { FailedJob, Outcomes } from "./thread-messages.ts";
import { toTransferable, transferList } from "./transferable-payloads.ts";

export interface Job {
  readonly serial: number;
  readonly sourceId: string;
  readonly seq: number;
  readonly attempt: number;
  readonly context: string;
  readonly payload: Uint8Array;
}

/** Executes the jobs of one thread, and sends their outcomes in batches. */
export class ThreadJobs {
  readonly #states: JobStates;
  readonly #flushMs: number;
  readonly #post: (outcomes: Outcomes, transfer: ArrayBuffer[]) => void;
  readonly #items: DecodeAhead<Job>;
  #handler: Handler = () => undefined;
  #taskType: TaskType | undefined;
  #timeoutMs = 0;
  #current: { readonly serial: number; readonly info: ExecutionInfo } | undefined;
  #serials: number[] = [];
  #busyMs: number[] = [];
  #payloads: Uint8Array[] = [];
  #failed: FailedJob[] = [];
  #passed = 0;
  #flushedPassed = 0;
  #flushedAt = 0;

  /**
   * @param flushMs - Longest time that a result waits for others.
   * @param upcoming - Returns a job that waits; 0 is the next.
   */
  constructor(
    states: JobStates,
    flushMs: number,
    post: (outcomes: Outcomes, transfer: ArrayBuffer[]) => void,
    upcoming: (index: number) => Job | undefined,
  ) {
    this.#states = states;
    this.#flushMs = flushMs;
    this.#post = post;
    this.#items = new DecodeAhead(decodeOwnValue, upcoming);
  }

  begin(handler: Handler, taskType: TaskType, timeoutMs: number): void {
    this.#handler = handler;
    this.#taskType = taskType;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * @param waiting - Number of jobs that are queued behind this one.
   * @returns A promise when the handler is async; it does not reject.
   */
  execute(job: Job, waiting: number): Promise<void> | undefined {
    const { serial } = job;
    if (!this.#states.start(serial) || this.#taskType === undefined) {
      this.#passed = serial; // the main thread has taken it back
      return undefined;
    }
    const startedAt = performance.now();
    const info = new ExecutionInfo(job, this.#taskType, () => this.#abortReason(serial));
    this.#current = { serial, info };
    let outcome: ExecutionOutcome;
    try {
      const result = this.#handler(this.#items.take(job), info);
      if (isPromiseLike(result)) {
        this.flush(); // results of other jobs need not wait for this one
        return this.#settle(serial, startedAt, waiting, result);
      }
      outcome = success(result);
    } catch (error) {
      outcome = failure(error);
    }
    this.#end(serial, outcome, startedAt, waiting);
    return undefined;
  }

  /** Whether a handler runs. */
  get isBusy(): boolean {
    return this.#current !== undefined;
  }

  /** Executes a job that the main thread has not queued. */
  rehearse(job: Job): void {
    this.#states.queue(job.serial);
    this.execute(job, 0);
  }

  /** The main thread has aborted this job: aborts its handler's signal. */
  abort(serial: number): void {
    const reason = this.#abortReason(serial);
    if (this.#current?.serial === serial && reason !== undefined) this.#current.info.abort(reason);
  }

  /** Sends the outcomes that wait. */
  flush(): void {
    this.#flushedAt = performance.now();
    if (this.#passed === this.#flushedPassed) return;
    this.#flushedPassed = this.#passed;
    const payloads = toTransferable(this.#payloads);
    const [serials, busyMs, failed, passed] = [this.#serials, this.#busyMs, this.#failed, this.#passed];
    this.#serials = [];
    this.#busyMs = [];
    this.#payloads = [];
    this.#failed = [];
    this.#post({ kind: "outcomes", serials, busyMs, failed, passed, ...payloads }, transferList(payloads));
  }

  async #settle(
    serial: number,
    startedAt: number,
    waiting: number,
    result: PromiseLike<unknown>,
  ): Promise<void> {
    let outcome: ExecutionOutcome;
    try {
      outcome = success(await result);
    } catch (error) {
      outcome = failure(error);
    }
    this.#end(serial, outcome, startedAt, waiting);
  }

  #end(serial: number, outcome: ExecutionOutcome, startedAt: number, waiting: number): void {
    this.#states.end(serial);
    this.#current = undefined;
    this.#passed = serial;
    const now = performance.now();
    const busyMs = now - startedAt;
    if (outcome.ok) {
      this.#serials.push(serial);
      this.#busyMs.push(busyMs);
      this.#payloads.push(outcome.payload);
    } else {
      this.#failed.push({ serial, busyMs, error: outcome.error, retryable: outcome.retryable });
    }
    // Results are sent when they are half of the jobs here: more jobs then arrive before the queue is empty.
    const ended = this.#serials.length + this.#failed.length;
    if (ended >= waiting || now - this.#flushedAt >= this.#flushMs) this.flush();
  }

  #abortReason(serial: number): Error | undefined {
    const reason = this.#states.aborted(serial);
    if (reason === undefined) return undefined;
    return reason === "expired" ? timeoutReason(this.#timeoutMs) : abortReason();
  }
}
