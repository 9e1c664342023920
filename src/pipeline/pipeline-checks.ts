import { assertRetry } from "../distributor/assert-retry.ts";
import { type DistributorOptions, resolveDistributorOptions } from "../distributor/distributor-options.ts";
import { assertCount, assertTimeout, toTaskType } from "../role/checks.ts";
import { assertKnownOptions, describeKind, optionNames } from "../role/known-options.ts";
import { NO_ENDPOINT } from "../role/network.ts";
import { assertFunction, assertName } from "./option-checks.ts";
import type { PipelineOptions, TaskDefinition, WorkerDefinition } from "./pipeline-options.ts";

const PIPELINE_OPTIONS = optionNames<PipelineOptions>({
  tasks: true,
  workers: true,
  collector: true,
  metadata: true,
  restarts: true,
  onOutput: true,
  inspectWorkers: true,
  onFailure: true,
  onProgress: true,
  onFinished: true,
  maxFailures: true,
  crashLimit: true,
  minWorkers: true,
  peerTimeout: true,
  maxWindow: true,
  windowBytes: true,
  windowTime: true,
  endTimeout: true,
  trust: true,
  journal: true,
});

const TASK_OPTIONS = optionNames<TaskDefinition>({
  taskType: true,
  items: true,
  key: true,
  dependencies: true,
  total: true,
  retry: true,
  timeout: true,
});

const WORKER_OPTIONS = optionNames<WorkerDefinition>({
  module: true,
  command: true,
  exec: true,
  exportName: true,
  taskType: true,
  count: true,
  threads: true,
  concurrency: true,
});

/** Checks the names and types of a pipeline's options. @throws TypeError, RangeError */
export function assertPipelineOptions(options: unknown): asserts options is PipelineOptions {
  assertKnownOptions("Pipeline", options, PIPELINE_OPTIONS);
  const {
    tasks: _tasks,
    workers: _workers,
    collector: _collector,
    metadata: _metadata,
    restarts: _restarts,
    onOutput,
    inspectWorkers: _inspectWorkers,
    onFailure,
    onProgress,
    onFinished,
    ...distributor
  } = options as PipelineOptions;
  for (const [name, value] of Object.entries({ onOutput, onFailure, onProgress, onFinished }))
    assertFunction(name, value);
  const nowhere: DistributorOptions = {
    ...distributor,
    collectorEndpoint: NO_ENDPOINT,
    collectorAckEndpoint: NO_ENDPOINT,
  };
  resolveDistributorOptions(nowhere);
}

/** @param where - The definition's name in errors, such as `tasks[0]`. @throws TypeError, RangeError */
export function assertTaskDefinition(
  where: string,
  definition: object,
): asserts definition is TaskDefinition {
  assertKnownOptions(where, definition, TASK_OPTIONS);
  const { taskType, items, key, dependencies, total, retry, timeout } = definition as TaskDefinition;
  toTaskType(`${where}.taskType`, taskType);
  assertItems(`${where}.items`, items);
  if (dependencies !== undefined) {
    if (!Array.isArray(dependencies))
      throw new TypeError(`${where}.dependencies must be an array of TaskType or of their names`);
    for (const [index, type] of dependencies.entries()) toTaskType(`${where}.dependencies[${index}]`, type);
  }
  assertFunction(`${where}.key`, key);
  if (total !== undefined) assertCount(`${where}.total`, total, 0);
  assertRetry(`${where}.retry`, retry);
  if (timeout !== undefined) assertTimeout(`${where}.timeout`, timeout);
}

/** @param where - The definition's name in errors, such as `workers[0]`. @throws TypeError */
export function assertWorkerDefinition(where: string, definition: unknown): void {
  assertKnownOptions(where, definition, WORKER_OPTIONS);
  const { exportName, taskType }: Partial<WorkerDefinition> = definition;
  assertName(`${where}.exportName`, exportName);
  if (taskType !== undefined) toTaskType(`${where}.taskType`, taskType);
}

function assertItems(where: string, items: unknown): void {
  const isIterable =
    typeof items === "function" ||
    (typeof items === "object" &&
      items !== null &&
      (Symbol.iterator in items || Symbol.asyncIterator in items));
  if (!isIterable)
    throw new TypeError(
      `${where} must be an iterable, or a function that makes one, not ${describeKind(items)}`,
    );
}
