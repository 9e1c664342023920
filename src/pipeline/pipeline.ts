import type { RunProgress, RunSummary } from "../distributor/run-summary.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { assertRunOptions, assertStopOptions, type RunOptions, type StopOptions } from "../role/role.ts";
import { stopOnSignals } from "../role/stop-on-signals.ts";
import { atCaller } from "../self/at-caller.ts";
import { makeCollector, makeMetadataWorker, makeTasks } from "./local-roles.ts";
import { type LocalPlan, LocalRun } from "./local-run.ts";
import { assertPipelineOptions } from "./pipeline-checks.ts";
import type { PipelineOptions, PipelineReports } from "./pipeline-options.ts";
import { reportFailures, withReports } from "./pipeline-reports.ts";
import { ReportPatience } from "./report-patience.ts";
import { resolveRestarts, resolveWorkers } from "./resolve-workers.ts";

/** Long enough for most handlers to finish, short enough for a person to wait, in ms. */
const DEFAULT_STOP_TIMEOUT_MS = 5000;

/** What a pipeline consists of: the command looks at it. A symbol keeps it out of the public API. */
export const planOf: unique symbol = Symbol("planOf");

/**
 * A whole run on this machine: distributor and collector in this process, workers in processes of their own, or in threads of those
 * processes. A worker process that dies is started again. Endpoints are in a private folder, which is removed at the end. The same tasks,
 * workers and collectors can run on many machines as roles of their own. Run it on the main thread: terminating a `node:worker_threads`
 * thread with open sockets ends the whole process.
 *
 * @example
 * ```ts
 * // worker.js: export default ({ n }) => ({ square: n * n });
 * const SQUARE = TaskType.register("square");
 * let sum = 0;
 * const pipeline = new Pipeline({
 *   tasks: [{ taskType: SQUARE, items: [{ n: 1 }, { n: 2 }, { n: 3 }] }],
 *   workers: { module: new URL("./worker.js", import.meta.url), count: 2 },
 *   collector: ({ square }: { square: number }) => {
 *     sum += square;
 *   },
 * });
 * const summary = await pipeline.run();
 * console.log(sum, summary.tasks);
 * ```
 */
export class Pipeline implements AsyncDisposable {
  readonly #run: LocalRun;
  readonly #reports: Omit<PipelineReports, "onFailure">;
  readonly #patience = new ReportPatience();
  #hasRun = false;

  /** @throws TypeError, RangeError when an option is missing or wrong. Nothing is started. */
  constructor(options: PipelineOptions) {
    this.#run = new LocalRun(atCaller(Pipeline, () => checkedPlan(options)));
    this.#reports = options;
  }

  /** @internal */
  get [planOf](): LocalPlan {
    return this.#run.plan;
  }

  /** The state of the run now: counts per task, and workers. Empty before `run()`. */
  get progress(): RunProgress {
    return this.#run.progress;
  }

  /** The endpoint for an `Inspector` and the commands `status`, `top` and `explain`; `undefined` before and after the run. */
  get endpoint(): EndpointAddress | undefined {
    return this.#run.endpoint;
  }

  /**
   * Runs to the end. The first item of each task is asked for at once, as in a loop over the items. A task with dependencies waits until these
   * are complete, unless its items are a stream or `readline`, which cannot wait.
   *
   * @param options - Aborting `signal` ends the run now: handlers' `info.signal` is aborted at once, and a process whose handler still runs half a
   *   second later is killed. `run()` then resolves with the status `stopped`. With `signals`, Ctrl-C and SIGTERM end the run as `stop()` does.
   * @returns The outcome of each task's items.
   * @throws PipelineError `WORKER_FAILED` when workers cannot work or die too often; and the errors of a `Distributor` and a `Collector`.
   * @throws What `onProgress` or `onFinished` threw.
   * @throws TypeError when this pipeline has run already.
   */
  async run(options: RunOptions = {}): Promise<RunSummary> {
    atCaller(Pipeline.prototype.run, () => assertRunOptions(options));
    if (this.#hasRun) throw new TypeError("A Pipeline runs once; make another one for another run");
    this.#hasRun = true;
    // An error of the run is run()'s to throw.
    const stop = () => void this.stop().catch(() => undefined);
    const hurry = () => this.#patience.limit(DEFAULT_STOP_TIMEOUT_MS);
    if (options.signal?.aborted) hurry();
    options.signal?.addEventListener("abort", hurry, { once: true });
    const unlisten = options.signals === true ? stopOnSignals(stop, true) : undefined;
    try {
      return await withReports(this.#run, this.#reports, () => this.#run.run(options.signal), this.#patience);
    } finally {
      unlisten?.();
      options.signal?.removeEventListener("abort", hurry);
    }
  }

  /**
   * Ends the run early: no more items are granted, and items that are being executed may finish until the deadline. Then the run is cut off,
   * as by an aborted signal. A second call may shorten the time. What `onProgress` and `onFinished` return is waited for as long once more.
   *
   * @param options - `timeout` in ms, 5000 by default.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    atCaller(Pipeline.prototype.stop, () => assertStopOptions(options));
    const { timeout = DEFAULT_STOP_TIMEOUT_MS } = options;
    this.#patience.limit(timeout);
    await this.#run.stop(timeout);
  }

  /** Ends the run, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** @throws TypeError, RangeError when an option is missing or wrong. */
function checkedPlan(options: PipelineOptions): LocalPlan {
  assertPipelineOptions(options);
  const {
    tasks: _tasks,
    workers: _workers,
    collector,
    metadata,
    restarts: _restarts,
    onOutput,
    inspectWorkers: _inspectWorkers,
    onFailure,
    onProgress: _onProgress,
    onFinished: _onFinished,
    ...distributor
  } = options;
  const tasks = makeTasks(options.tasks);
  return {
    tasks,
    workers: resolveWorkers(options, tasks),
    restarts: resolveRestarts(options.restarts),
    collector: reportFailures(makeCollector(collector), onFailure),
    metadata: makeMetadataWorker(metadata),
    onOutput,
    distributor,
  };
}
