import type { RunProgress, RunSummary } from "../distributor/run-summary.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { assertRunOptions, assertStopOptions, type RunOptions, type StopOptions } from "../role/role.ts";
import { makeCollector, makeMetadataWorker, makeTasks } from "./local-roles.ts";
import { LocalRun } from "./local-run.ts";
import { assertPipelineOptions } from "./pipeline-checks.ts";
import type { PipelineOptions } from "./pipeline-options.ts";
import { resolveRestarts, resolveWorkers } from "./resolve-workers.ts";

/** Long enough for what workers execute, short enough for a person to wait. */
const DEFAULT_STOP_TIMEOUT = 5000;

/**
 * A whole run on this machine: distributor and collector in this process, workers in processes of their own, or in threads of
 * those, which are started again when they die. Endpoints are in a private folder, and gone at the end. The same tasks, workers and
 * collectors run on many machines as roles of their own. Run it on the main thread: a `node:worker_threads` thread that is terminated with open
 * sockets takes the whole process down.
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
  #hasRun = false;

  /** @throws TypeError, RangeError when an option is missing or wrong. Nothing is started. */
  constructor(options: PipelineOptions) {
    assertPipelineOptions(options);
    const {
      tasks: _tasks,
      workers: _workers,
      collector,
      metadata,
      restarts: _restarts,
      onOutput,
      ...distributor
    } = options;
    const tasks = makeTasks(options.tasks);
    this.#run = new LocalRun({
      tasks,
      workers: resolveWorkers(options, tasks),
      restarts: resolveRestarts(options.restarts),
      collector: makeCollector(collector),
      metadata: makeMetadataWorker(metadata),
      onOutput,
      distributor,
    });
  }

  /** How the run stands now: counts per task, and workers. Empty before `run()`. */
  get progress(): RunProgress {
    return this.#run.progress;
  }

  /** Where an `Inspector`, and the commands `status`, `top` and `explain`, find the run; nothing before and after it. */
  get endpoint(): EndpointAddress | undefined {
    return this.#run.endpoint;
  }

  /**
   * Runs to the end. The tasks' items are begun at once, as a loop over them would begin; those of a task with dependencies when these are
   * complete, but for streams and `readline`, which cannot wait.
   *
   * @param options - Aborting `signal` ends it now: handlers' `info.signal` is aborted at once, and a process whose handler still runs half a
   *   second later is killed. `run()` then resolves with the status `stopped`.
   * @returns What became of each task's items.
   * @throws PipelineError `WORKER_FAILED` when workers cannot work or die too often, and what a `Distributor` and a `Collector` throw.
   * @throws TypeError when it has run already.
   */
  async run(options: RunOptions = {}): Promise<RunSummary> {
    assertRunOptions(options);
    if (this.#hasRun) throw new TypeError("A Pipeline runs once; make another one for another run");
    this.#hasRun = true;
    return await this.#run.run(options.signal);
  }

  /**
   * Ends the run early: nothing more is handed out, what is under way may finish until the deadline. Then it is cut off, as by an
   * aborted signal. A second call may shorten the time.
   *
   * @param options - `timeout` in ms, 5000 by default.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    assertStopOptions(options);
    await this.#run.stop(options.timeout ?? DEFAULT_STOP_TIMEOUT);
  }

  /** Ends it, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
