import { asError } from "../protocol/thrown.ts";
import { onWork, type WorkStage } from "../role/work-signal.ts";
import { insideHere, permitHere } from "../self/nesting.ts";
import type { WorkerSummary } from "../worker/worker-summary.ts";
import type { AnyWorker } from "./any-worker.ts";
import { isFinal } from "./final-error.ts";
import { makeWorker } from "./module-worker.ts";
import type { NumberedStart } from "./process-messages.ts";
import type { StartedWorker, WorkerProcessEvents } from "./worker-process.ts";

/** The user's methods that run in this thread. */
const METHODS = ["handleExecution", "handleMessage", "initWorker", "closeWorker"];

/**
 * A worker in the process of the program that started the run. What its handlers print is not gathered, and what would end a worker's process
 * ends the program. A handler that does not end is left behind: nothing can stop it.
 */
export class WorkerHere implements StartedWorker {
  readonly pid = undefined;
  readonly #events: WorkerProcessEvents;
  #worker: AnyWorker | undefined;
  #startedAt: number | undefined;
  #closeTimeoutMs: number | undefined;
  #hadItem = false;
  #hasEnded = false;

  constructor(start: NumberedStart, events: WorkerProcessEvents) {
    this.#events = events;
    void this.#work(start);
  }

  get isLoading(): boolean {
    return this.#startedAt === undefined && !this.#hasEnded;
  }

  get closeTimeoutMs(): number | undefined {
    return this.#closeTimeoutMs;
  }

  stop(timeoutMs: number): void {
    if (this.#startedAt === undefined) this.kill();
    else void this.#worker?.stop({ timeout: timeoutMs });
  }

  drain(): void {}

  kill(): void {
    // As with a process, the end is an event of its own.
    queueMicrotask(() => this.#end("it was left behind", true));
  }

  async #work(start: NumberedStart): Promise<void> {
    try {
      const worker = await makeWorker(start);
      if (this.#hasEnded) return;
      this.#listen(worker);
      this.#worker = worker;
    } catch (error) {
      return this.#end("it cannot be made", false, error);
    }
    this.#startedAt = performance.now();
    this.#events.started();
    try {
      const summary = ((await this.#worker.run()) ?? {}) as Partial<WorkerSummary>;
      const { closeErrors = [], executed = 0, failed = 0 } = summary;
      if (!this.#hasEnded) {
        this.#events.done({ executed, failed });
        for (const error of closeErrors) this.#events.closeFailed(error);
      }
      this.#end("", true);
    } catch (error) {
      this.#end("it failed", !isFinal(error), error);
    }
  }

  /** Makes runs that the user's methods start deeper than this one, and notes how far the worker is. */
  #listen(worker: AnyWorker): void {
    const depth = permitHere(worker);
    const isThreaded = "handleThreadExecution" in worker;
    for (const name of METHODS) {
      const method: unknown = Reflect.get(worker, name);
      if (typeof method !== "function" || (isThreaded && name === "handleExecution")) continue;
      const value = (...args: readonly unknown[]): unknown =>
        insideHere(depth, () => Reflect.apply(method, worker, args));
      Object.defineProperty(worker, name, { value, configurable: true });
    }
    const { closeTimeout = 0 } = worker;
    worker[onWork] = (stage: WorkStage) => {
      if (stage === "busy") this.#hadItem = true;
      else if (stage === "worked") this.#events.worked();
      else if (stage === "waits") this.#events.waits();
      else this.#closeTimeoutMs = 2 * closeTimeout; // twice: the hooks of threads run first
    };
  }

  #end(reason: string, isUsable: boolean, error?: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const cause = error === undefined ? undefined : asError(error);
    this.#events.ended({
      isDone: cause === undefined,
      isUsable,
      isUnstarted: false,
      hadItem: this.#hadItem,
      livedMs: this.#startedAt === undefined ? 0 : performance.now() - this.#startedAt,
      reason: cause?.message ?? reason,
      printed: "",
      error: cause,
    });
  }
}
