import type { Collector } from "../collector/collector.ts";
import { Distributor, expectWorkers, ownedWorkers, resultsHere } from "../distributor/distributor.ts";
import type { DistributorOptions } from "../distributor/distributor-options.ts";
import { emptySummary } from "../distributor/empty-summary.ts";
import type { ResultsHere } from "../distributor/results-here.ts";
import type { RunProgress, RunSummary } from "../distributor/run-summary.ts";
import type { AnyTask } from "../distributor/task.ts";
import type { PipelineError } from "../errors.ts";
import { MAX_TIMER_MS } from "../executor/settles-within.ts";
import { RoleLog } from "../logging/logger.ts";
import type { MetaDataWorker } from "../metadata/meta-data-worker.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { propertyOf } from "../protocol/thrown.ts";
import { assertMayRun, permit } from "../self/nesting.ts";
import { assertDescriptors } from "./descriptor-check.ts";
import { LineWriter } from "./line-writer.ts";
import { LocalEndpoints } from "./local-endpoints.ts";
import { at } from "./local-roles.ts";
import { LocalTask } from "./local-task.ts";
import { assertModules } from "./module-files.ts";
import { ownInstance } from "./own-instance.ts";
import type { OutputSource, PipelineOptions } from "./pipeline-options.ts";
import type { WorkerStart } from "./process-messages.ts";
import { RunFolder } from "./run-folder.ts";
import { WorkerFleet } from "./worker-fleet.ts";

/** How long workers may take to end after the run is over, in ms. */
const END_MS = 3000;

/** How long a handler may run on after its signal is aborted when the run is cut off, in ms. Then its process is killed. */
const CUT_OFF_MS = 500;

/** How long the collector's handlers may delay the end of a run that is cut off, in ms. */
const COLLECTOR_MS = 1000;

/** The default `endTimeout`, in ms. On one machine, a peer that has not confirmed END by then has died, or is busy and ends by other means. */
const END_TIMEOUT_MS = 500;

/** Workers of one kind, and their number. */
interface WorkerPlan extends Omit<WorkerStart, "type" | "endpoint" | "collectorEndpoint" | "keys"> {
  readonly count: number;
}

/** Everything that a run consists of. */
export interface LocalPlan extends Pick<PipelineOptions, "onOutput"> {
  readonly collector: Collector<unknown, object, object>;
  readonly metadata: MetaDataWorker<object> | undefined;
  readonly tasks: readonly AnyTask[];
  readonly workers: readonly WorkerPlan[];
  readonly restarts: number;
  readonly distributor: Omit<DistributorOptions, "collectorEndpoint" | "collectorAckEndpoint">;
  /** What the user calls the option for several executions at a time, if not `concurrency`. */
  readonly concurrencyOption?: string;
  /** Called before each line of a worker's output. */
  readonly beforeOutput?: () => void;
}

/** One run on this machine: distributor and collector in this process, workers as processes. */
export class LocalRun {
  readonly #plan: LocalPlan;
  #workers: readonly WorkerPlan[];
  readonly #log = new RoleLog("worker");
  #distributor: Distributor | undefined;
  #fleet: WorkerFleet | undefined;
  #done: Promise<void> | undefined;
  #isStopping = false;
  #isCutOff = false;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(plan: LocalPlan) {
    this.#plan = plan;
    this.#workers = plan.workers;
  }

  get plan(): LocalPlan {
    return this.#plan;
  }

  /** The endpoint of the tasks during the run. */
  endpoint: EndpointAddress | undefined;

  /** Where a collector that orders its results reports them. */
  get resultsHere(): ResultsHere | undefined {
    return this.#distributor?.[resultsHere];
  }

  get progress(): RunProgress {
    return this.#distributor?.progress ?? { workers: 0, tasks: {} };
  }

  /** Runs to the end. Call it once. Aborting the signal has the effect of `abort()`. */
  async run(signal?: AbortSignal): Promise<RunSummary> {
    assertMayRun();
    for (const role of [this.#plan.collector, this.#plan.metadata]) if (role !== undefined) permit(role);
    if (signal?.aborted) return this.#emptySummary();
    this.#workers = this.#plan.workers.map(ownInstance);
    assertDescriptors(this.#plan.workers.reduce((sum, { count }) => sum + count, 0));
    const abort = () => this.#cutOff();
    signal?.addEventListener("abort", abort, { once: true });
    let done: () => void = () => {};
    // Set before anything begins: the user's inputs may stop the run in their first step.
    this.#done = new Promise<void>((resolve) => {
      done = resolve;
    });
    try {
      return await this.#begin();
    } finally {
      signal?.removeEventListener("abort", abort);
      done();
    }
  }

  /** Ends the run early. Items that are being executed may finish for `timeoutMs`, and are cut off then. Resolves when the run is over. */
  async stop(timeoutMs: number): Promise<void> {
    if (this.#done === undefined) return;
    this.#isStopping = true;
    this.#fleet?.startNoMore();
    // No deadline for the distributor: the cut-off below tells the workers first. A worker that hears of the end from the distributor lets its handler finish.
    void this.#distributor?.stop({ timeout: Number.POSITIVE_INFINITY });
    this.#after(timeoutMs, () => this.#cutOff());
    await this.#done;
  }

  /** Ends the run now: handlers' signals are aborted, and their processes killed soon after. Resolves when nothing of the run is left. */
  async abort(): Promise<void> {
    if (this.#done === undefined) return;
    this.#cutOff();
    await this.#done;
  }

  /** Begins the inputs before the first `await`, because some inputs emit events at once. */
  async #begin(): Promise<RunSummary> {
    const local = this.#plan.tasks.filter((task) => task instanceof LocalTask);
    try {
      assertModules(this.#plan.workers);
      for (const task of local) task.begin();
      return await this.#runInFolder();
    } finally {
      for (const timer of this.#timers) clearTimeout(timer);
      await Promise.all(local.map((task) => task.close()));
    }
  }

  async #runInFolder(): Promise<RunSummary> {
    if (this.#isStopping) return this.#emptySummary();
    const folder = await RunFolder.make();
    try {
      const endpoints = await LocalEndpoints.make(folder.path);
      await folder.announce(endpoints.task);
      if (this.#isStopping) return this.#emptySummary();
      this.endpoint = endpoints.task;
      return await this.#runIn(endpoints);
    } finally {
      this.endpoint = undefined;
      await folder.remove();
    }
  }

  async #runIn(endpoints: LocalEndpoints): Promise<RunSummary> {
    let fail: (error: PipelineError) => void = () => {};
    const failed = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    const { metadata, collector } = this.#plan;
    at(collector, { endpoint: endpoints.collector, ackEndpoint: endpoints.ack });
    if (metadata !== undefined) at(metadata, { endpoint: endpoints.metadata });
    const distributor = this.#makeDistributor(endpoints, metadata !== undefined);
    const lines = new LineWriter(process.stderr, ({ message }) =>
      this.#log.write("warn", "the output of workers cannot be written to stderr", { message }),
    );
    const fleet = this.#makeFleet(fail, lines);
    distributor[ownedWorkers] = { isComing: () => fleet.isLoading, endOf: (id) => fleet.endOf(id) };
    const distributed = distributor.run().then((summary) => {
      void metadata?.stop();
      // The run was stopped before the collector heard of it: the collector would wait for ever.
      if (isEmpty(summary)) void collector.stop({ timeout: 0 });
      return summary;
    });
    const roles = Promise.all([distributed, collector.run(), metadata?.run()]);
    // The first failure is the run's error; the other roles are then stopped.
    const outcome = Promise.race([roles, failed]);
    this.#distributor = distributor;
    this.#fleet = fleet;
    this.#startWorkers(fleet, endpoints);
    try {
      const [summary] = await outcome;
      await fleet.end(this.#isCutOff ? CUT_OFF_MS : END_MS);
      return summary;
    } catch (error) {
      this.#cutOff();
      // The distributor first: the collector then hears of the end, and ends too.
      await distributor.stop({ timeout: 0 });
      await Promise.all([collector.stop({ timeout: 0 }), metadata?.stop(), fleet.end(CUT_OFF_MS)]);
      throw await reasonOf(error, distributed);
    } finally {
      lines.close();
    }
  }

  /** Ends the workers first, because distributor and collector wait for them. */
  #cutOff(): void {
    if (this.#isCutOff) return;
    this.#isCutOff = true;
    this.#isStopping = true;
    void this.#fleet?.end(CUT_OFF_MS);
    void this.#distributor?.stop({ timeout: 0 });
    this.#after(COLLECTOR_MS, () => void this.#plan.collector.stop({ timeout: 0 }));
  }

  #after(ms: number, action: () => void): void {
    if (ms <= MAX_TIMER_MS) this.#timers.add(setTimeout(action, ms));
  }

  /** The summary of a run that was stopped before it began. */
  #emptySummary(): RunSummary {
    const names = this.#plan.tasks.map(({ taskType }) => String(taskType));
    return emptySummary("", names);
  }

  #makeDistributor(endpoints: LocalEndpoints, receiveMetadata: boolean): Distributor {
    const distributor = permit(
      new Distributor({
        endTimeout: END_TIMEOUT_MS,
        ...this.#plan.distributor,
        collectorEndpoint: endpoints.collector,
        collectorAckEndpoint: endpoints.ack,
        ...(receiveMetadata ? { receiveMetadata, metadataEndpoint: endpoints.metadata } : {}),
      }),
    );
    distributor[expectWorkers] = countByType(this.#plan);
    for (const task of this.#plan.tasks) distributor.registerTask(at(task, { endpoint: endpoints.task }));
    return distributor;
  }

  #makeFleet(failed: (error: PipelineError) => void, lines: LineWriter): WorkerFleet {
    const { restarts, beforeOutput, concurrencyOption } = this.#plan;
    const writeOutput = (line: string, { worker }: OutputSource) => lines.write(`[worker ${worker}] ${line}`);
    const { onOutput = writeOutput } = this.#plan;
    return new WorkerFleet({
      restarts,
      concurrencyOption,
      output: (worker, stream, line) => {
        beforeOutput?.();
        return onOutput(line, { worker, stream });
      },
      failed,
    });
  }

  #startWorkers(fleet: WorkerFleet, endpoints: LocalEndpoints): void {
    const [endpoint, collectorEndpoint] = [endpoints.task.address, endpoints.collector.address];
    for (const { count, ...start } of this.#workers) {
      for (let number = 0; number < count; number++)
        fleet.add({ type: "start", ...start, endpoint, collectorEndpoint, keys: undefined });
    }
  }
}

/** The collector may report that the distributor has given up before the distributor says why. */
async function reasonOf(error: unknown, distributed: Promise<unknown>): Promise<unknown> {
  if (propertyOf(error, "code") !== "RUN_ABORTED") return error;
  return distributed.then(
    () => error,
    (reason: unknown) => reason,
  );
}

function isEmpty({ status, tasks }: RunSummary): boolean {
  return status === "stopped" && Object.values(tasks).every(({ items }) => items === 0);
}

/** How many workers each task will have. A worker class whose task type is not known yet is counted if there is only one task. */
function countByType({ tasks, workers }: LocalPlan): ReadonlyMap<string, number> {
  const only = tasks.length === 1 ? String(tasks[0]?.taskType) : undefined;
  const counts = new Map<string, number>();
  for (const { taskType, count } of workers) {
    const name = taskType ?? only;
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return counts;
}
