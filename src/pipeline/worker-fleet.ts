import { PipelineError } from "../errors.ts";
import { MAX_TIMER_MS } from "../executor/settles-within.ts";
import { RoleLog } from "../logging/logger.ts";
import { describeThrown } from "../protocol/thrown.ts";
import { concurrencyHint } from "../role/concurrency-hint.ts";
import type { PeerState } from "../role/peer-state.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";
import { ProcessEnds } from "./process-ends.ts";
import type { WorkerCounts, WorkerStart } from "./process-messages.ts";
import { MAX_RESTART_MS, RestartPolicy } from "./restart-policy.ts";
import { WorkerHere } from "./worker-here.ts";
import { type StartedWorker, type WorkerEnd, WorkerProcess } from "./worker-process.ts";

/** A worker whose module is still loading after this time, in ms, is reported; again after twice the time, and so on. */
const LOADING_NOTICE_MS = 60_000;

export interface WorkerFleetOptions {
  /** How often in a row each worker that has not worked may be started again; 0: no worker is ever started again. */
  readonly restarts: number;
  /** @default 60000 */
  readonly loadingNoticeMs?: number;
  /**
   * Whether more than one input waits for a worker whose handler awaits.
   * @default always
   */
  mayAdvise?(): boolean;
  /** What the user calls the option for several executions at a time, if not `concurrency`. */
  readonly concurrencyOption?: string | undefined;
  /** If a promise is returned, the worker's next line waits for it. */
  output(worker: number, stream: "stdout" | "stderr", line: string): unknown;
  /** Called when a worker has worked to the end of the run, unless all workers are being ended. */
  finished?(): void;
  /** The peers of a worker that tells them have come or gone. */
  peers?(worker: number, peers: readonly PeerState[]): void;
  /** A worker has worked to the end. */
  done?(counts: WorkerCounts): void;
  /** Called when no worker of some kind is left, or none can work. */
  failed(error: PipelineError): void;
}

/** A worker's slot: its process, and the next process when that dies. */
interface Slot {
  readonly number: number;
  readonly start: WorkerStart;
  readonly policy: RestartPolicy;
  process: StartedWorker | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** The workers of a pipeline: processes that are started again when they die, up to a limit; or one in this process. */
export class WorkerFleet {
  readonly #options: WorkerFleetOptions;
  readonly #log = new RoleLog("worker");
  readonly #slots: Slot[] = [];
  /** Modules whose workers have executed an item to its end. */
  readonly #working = new Set<string>();
  /** Kinds of workers that the user was told of, because their handlers only await. */
  readonly #advised = new Set<string>();
  readonly #ends = new ProcessEnds();
  #isEnding = false;
  #isStopping = false;
  #hasOutputFailed = false;
  #onEmpty: () => void = () => {};
  /** Resolves when no worker is left, and none is about to be started. */
  readonly ended = new Promise<void>((resolve) => {
    this.#onEmpty = resolve;
  });

  constructor(options: WorkerFleetOptions) {
    this.#options = options;
  }

  /** How many workers run or are about to be started. */
  get size(): number {
    return this.#slots.filter(isOccupied).length;
  }

  /** Whether some worker is loading its module, or is about to be started again. */
  get isLoading(): boolean {
    return this.#slots.some(({ process, timer }) => timer !== undefined || process?.isLoading);
  }

  /** How a worker's process ended, in words; `undefined` while it is not known to have ended. */
  endOf(workerId: string): string | undefined {
    return this.#ends.of(workerId);
  }

  add(start: WorkerStart): void {
    const slot: Slot = {
      number: this.#slots.length + 1,
      start,
      policy: new RestartPolicy(this.#options.restarts),
      process: undefined,
      timer: undefined,
    };
    this.#slots.push(slot);
    this.#launch(slot);
  }

  /**
   * Ends all workers after the run; none is started again. A worker that has not ended after `timeoutMs` is killed. A worker that only
   * runs its closing hooks by then gets the time that these may take.
   */
  async end(timeoutMs: number): Promise<void> {
    this.#isEnding = true;
    for (const slot of this.#slots) {
      clearTimeout(slot.timer);
      slot.timer = undefined;
    }
    if (this.size === 0) return;
    this.stop(0); // a worker that has just started has not heard of the end
    const timers = this.#slots.map(({ process }) => process && killAfter(process, timeoutMs));
    await this.ended;
    for (const stop of timers) stop?.();
  }

  /** The run is being stopped: a worker that dies from now on, as at a Ctrl-C that reaches it while it starts, is not started again. */
  startNoMore(): void {
    this.#isStopping = true;
    for (const slot of this.#slots) {
      slot.process?.drain();
      clearTimeout(slot.timer);
      slot.timer = undefined;
    }
    if (this.size === 0) this.#onEmpty();
  }

  /** Asks all workers to stop; items that are being executed may finish for `timeoutMs`. */
  stop(timeoutMs: number): void {
    this.#isEnding = true;
    for (const { process } of this.#slots) process?.stop(timeoutMs);
  }

  #launch(slot: Slot): void {
    const { number, start, policy } = slot;
    slot.timer = undefined;
    const loading = this.#noticeLoading(slot);
    const Started = start.isHere ? WorkerHere : WorkerProcess;
    const process = new Started(
      { ...start, number },
      {
        output: (stream, line) => this.#output(number, stream, line),
        started: () => clearInterval(loading),
        worked: () => {
          policy.worked();
          this.#working.add(workerKind(start));
        },
        waits: () => this.#handlerWaits(start),
        peers: (peers) => this.#options.peers?.(number, peers),
        done: (counts) => this.#options.done?.(counts),
        closeFailed: (error) => this.#closeFailed(number, error),
        ended: (end) => {
          clearInterval(loading);
          if (process.pid !== undefined) this.#ends.add(process.pid, end);
          this.#ended(slot, end);
        },
      },
    );
    slot.process = process;
    if (process.pid !== undefined) this.#ends.forget(process.pid);
  }

  #ended(slot: Slot, end: WorkerEnd): void {
    slot.process = undefined;
    if (!this.#isEnding) {
      if (end.isDone) this.#options.finished?.();
      else if (!this.#isStopping) this.#replace(slot, end);
    }
    if (this.size === 0) this.#onEmpty();
  }

  #replace(slot: Slot, end: WorkerEnd): void {
    const { number, start, policy } = slot;
    if (!end.isUsable) return this.#options.failed(this.#failure(slot, end, "cannot work"));
    let waitMs = policy.died(end, this.#working.has(workerKind(start)));
    const others = this.#slots.filter(
      (other) => other.start.taskType === start.taskType && isOccupied(other),
    );
    // The other workers work on, and the system may have room for this one later.
    if (waitMs === undefined && end.isUnstarted && others.length > 0) waitMs = MAX_RESTART_MS;
    const facts = { number, reason: end.reason, deaths: policy.deaths };
    if (waitMs === undefined) {
      this.#log.write("error", "worker given up", facts);
      const times = policy.deaths === 1 ? "" : ` ${policy.deaths} times, most recently`;
      const what = end.isUnstarted ? "is missing" : `died${times}`;
      if (others.length === 0) this.#options.failed(this.#failure(slot, end, what));
      return;
    }
    this.#log.write("warn", "worker died and is started again", facts);
    slot.timer = setTimeout(() => this.#launch(slot), waitMs);
  }

  #failure({ number, start }: Slot, end: WorkerEnd, what: string): PipelineError {
    const { reason, error: cause, printed } = end;
    const facts = {
      role: "worker",
      taskType: start.taskType ?? "",
      ...(cause === undefined ? {} : { cause }),
    };
    const tail = cause === undefined && printed !== "" ? `. It wrote last:\n${printed}` : "";
    return new PipelineError("WORKER_FAILED", `Worker ${number} ${what}: ${reason}${tail}`, facts);
  }

  /** Loading a module has no time limit, so the user is told what the run waits for. */
  #noticeLoading({ number, start }: Slot): NodeJS.Timeout {
    const { loadingNoticeMs = LOADING_NOTICE_MS } = this.#options;
    let passed = 0;
    let next = 1;
    return setInterval(() => {
      passed += 1;
      if (passed < next) return;
      next *= 2;
      const seconds = (passed * loadingNoticeMs) / 1000;
      this.#log.warn(`Worker ${number} is still loading ${start.module} after ${seconds} s`);
    }, loadingNoticeMs).unref();
  }

  /** Says once for each kind of worker that its handler awaits, one item at a time. */
  #handlerWaits(start: WorkerStart): void {
    const { mayAdvise = () => true } = this.#options;
    if (this.#advised.has(workerKind(start)) || !mayAdvise()) return;
    this.#advised.add(workerKind(start));
    this.#log.warn(concurrencyHint(`The handler of ${start.module}`, this.#options.concurrencyOption));
  }

  #closeFailed(number: number, error: Error): void {
    this.#log.warn(`Worker ${number} ended, but ${error.message}`, { number });
  }

  /** An error of `onOutput` does not end the run: the first one is logged. */
  #output(number: number, stream: "stdout" | "stderr", line: string): unknown {
    try {
      const handled = this.#options.output(number, stream, line);
      if (!isPromiseLike(handled)) return undefined;
      return Promise.resolve(handled).catch((error: unknown) => this.#outputFailed(error));
    } catch (error) {
      return this.#outputFailed(error);
    }
  }

  #outputFailed(error: unknown): void {
    if (this.#hasOutputFailed) return;
    this.#hasOutputFailed = true;
    this.#log.warn(
      `onOutput failed: ${describeThrown(error)}. The run goes on; further failures are not reported`,
    );
  }
}

/** Kills a process that has not ended in time. @returns A function that cancels it. */
function killAfter(process: StartedWorker, timeoutMs: number): () => void {
  let timer = setTimeout(() => {
    const { closeTimeoutMs } = process;
    if (closeTimeoutMs === undefined) return process.kill();
    timer = setTimeout(() => process.kill(), Math.min(closeTimeoutMs, MAX_TIMER_MS));
  }, timeoutMs);
  return () => clearTimeout(timer);
}

function isOccupied({ process, timer }: Slot): boolean {
  return process !== undefined || timer !== undefined;
}

function workerKind({ module, exportName = "" }: WorkerStart): string {
  return `${module} ${exportName}`;
}
