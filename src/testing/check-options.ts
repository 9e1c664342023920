import { isDeepStrictEqual } from "node:util";
import { Collector } from "../collector/collector.ts";
import { makeTasks } from "../pipeline/local-roles.ts";
import { assertFunction } from "../pipeline/option-checks.ts";
import { Pipeline } from "../pipeline/pipeline.ts";
import { assertBoolean, assertCount } from "../role/checks.ts";
import { assertKnownOptions, describeKind, optionNames } from "../role/known-options.ts";
import { assertWorkers } from "./check-workers.ts";
import { DEFAULT_FAULTS, type FaultRates } from "./fault-rates.ts";
import type { PipelineTestOptions, TestedWorker } from "./pipeline-test-options.ts";

/** Options with every default filled in. */
export type ResolvedTest = Omit<
  PipelineTestOptions,
  "worker" | "metadata" | "reset" | "snapshot" | "timeLimit"
> &
  Required<
    Omit<
      PipelineTestOptions,
      "worker" | "metadata" | "reset" | "snapshot" | "timeLimit" | "tasks" | "collector"
    >
  > & {
    readonly worker: readonly TestedWorker[];
    readonly metadata: object | undefined;
    readonly reset: PipelineTestOptions["reset"];
    readonly snapshot: PipelineTestOptions["snapshot"];
    readonly timeLimit: number | undefined;
  };

const OPTIONS = optionNames<PipelineTestOptions>({
  tasks: true,
  worker: true,
  collector: true,
  metadata: true,
  seed: true,
  runs: true,
  faults: true,
  workerCount: true,
  reset: true,
  snapshot: true,
  sameResult: true,
  allowFailures: true,
  timeLimit: true,
  handlerTimeout: true,
  throws: true,
});

const FAULTS = optionNames<FaultRates>({
  killWorker: true,
  killAtAwait: true,
  killCollector: true,
  killDistributor: true,
  loseConnection: true,
  loseMessages: true,
  duplicate: true,
  freeze: true,
  repeat: true,
  expire: true,
  overlap: true,
});

/** Checks options, and fills in the defaults. @throws TypeError, RangeError */
export function checkOptions(options: PipelineTestOptions): ResolvedTest {
  assertNoPipeline(options);
  assertKnownOptions("testPipeline()", options, OPTIONS);
  const { tasks, worker, collector, reset, snapshot, metadata, sameResult } = options;
  const resolved: ResolvedTest = {
    tasks,
    worker: [worker].flat() as readonly TestedWorker[],
    collector,
    metadata,
    reset,
    snapshot,
    sameResult: sameResult ?? isDeepStrictEqual,
    seed: options.seed ?? 1,
    runs: options.runs ?? 100,
    faults: options.faults ?? DEFAULT_FAULTS,
    workerCount: options.workerCount ?? 3,
    allowFailures: options.allowFailures ?? false,
    timeLimit: options.timeLimit,
    handlerTimeout: options.handlerTimeout ?? 3000,
    throws: options.throws ?? true,
  };
  assertTasks(tasks);
  assertWorkers(resolved.worker);
  assertCollector(collector);
  if (metadata !== undefined && (typeof metadata !== "object" || metadata === null))
    throw new TypeError(`metadata must be an object, not ${describeKind(metadata)}`);
  for (const [name, value] of Object.entries({ reset, snapshot, sameResult })) assertFunction(name, value);
  if (snapshot !== undefined && reset === undefined)
    throw new TypeError(
      "snapshot needs reset: the test runs the pipeline several times, and compares how each run ends",
    );
  assertCount("seed", resolved.seed, 0, 2 ** 32 - 1);
  assertCount("runs", resolved.runs, 1, 1_000_000);
  assertCount("workerCount", resolved.workerCount, 1, 100);
  if (resolved.timeLimit !== undefined) assertCount("timeLimit", resolved.timeLimit, 1, 1e9);
  assertCount("handlerTimeout", resolved.handlerTimeout, 1, 1e9);
  assertBoolean("allowFailures", resolved.allowFailures);
  assertBoolean("throws", resolved.throws);
  assertFaults(resolved.faults);
  return resolved;
}

/** @throws TypeError when these are the options of a `Pipeline`, or one. */
function assertNoPipeline(options: unknown): void {
  if (options instanceof Pipeline)
    throw new TypeError(
      "testPipeline() takes an object with tasks, worker and collector, not a Pipeline, which runs once",
    );
  if (typeof options !== "object" || options === null || !("workers" in options)) return;
  throw new TypeError(
    'testPipeline() has no option "workers": give what a Pipeline has as workers as worker, { module: new URL("./worker.js", import.meta.url) }, or the handler itself; workerCount says how many there are',
  );
}

function assertCollector(collector: unknown): void {
  if (typeof collector === "function") return;
  if (typeof collector === "object" && collector !== null && !(collector instanceof Collector)) {
    assertKnownOptions("collector", collector, ["create"]);
    if ("create" in collector && typeof collector.create === "function") return;
  }
  throw new TypeError(
    `collector must be a class or a function, not ${describeKind(collector)}: each start of the collector needs a new instance. ` +
      "Where its constructor takes options, give { create: () => new MyCollector(options) }",
  );
}

function assertFaults(faults: FaultRates): void {
  assertKnownOptions("testPipeline()'s faults", faults, FAULTS);
  for (const [name, rate] of Object.entries(faults) as [string, unknown][]) {
    if (typeof rate !== "number")
      throw new TypeError(`faults.${name} must be a number from 0 to 1, not ${describeKind(rate)}`);
    if (!(rate >= 0 && rate <= 1))
      throw new RangeError(`faults.${name} ${rate} must be a number from 0 to 1`);
  }
}

/** Each start of a distributor needs its tasks anew. */
function assertTasks(tasks: PipelineTestOptions["tasks"]): void {
  makeTasks(tasks);
  for (const [index, task] of tasks.entries()) {
    if (typeof task === "function") continue;
    if (!Object.hasOwn(task, "items"))
      throw new TypeError(
        `tasks[${index}] must be a class that extends Task, or { taskType, items }, not an instance`,
      );
    const { items } = task;
    if (typeof items === "object" && ("next" in items || "on" in items))
      throw new TypeError(
        `tasks[${index}].items can be read only once: give an array, or the function that makes the iterator`,
      );
  }
}
