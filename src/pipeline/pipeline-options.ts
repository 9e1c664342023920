import type { CollectionInfo } from "../collector/collected-result.ts";
import type { Collector } from "../collector/collector.ts";
import type { RetryOptions } from "../core/distributor/retry-policy.ts";
import type { DistributorOptions } from "../distributor/distributor-options.ts";
import type { AnyTask } from "../distributor/task.ts";
import type { MetaDataWorker } from "../metadata/meta-data-worker.ts";
import type { TaskType } from "../protocol/task-type.ts";
import type { Awaitable } from "../role/awaitable.ts";
import type { NetworkOptions } from "../role/network.ts";

/** A task in short: what the items are, without a class and without an endpoint. */
export interface TaskDefinition {
  readonly taskType: TaskType;
  /** Plain objects, pulled lazily; or what makes them, called once. */
  readonly items: Iterable<object> | AsyncIterable<object> | (() => Iterable<object> | AsyncIterable<object>);
  /**
   * What makes an item the same as another: see `Task.key()`.
   * @default none: every item is executed
   */
  readonly key?: (item: never) => string;
  /**
   * Task types that must be complete before this begins.
   * @default none
   */
  readonly dependencies?: readonly TaskType[];
  /**
   * How many items there will be, for progress.
   * @default the length of `items`, where that is an array
   */
  readonly total?: number;
  readonly retry?: RetryOptions;
  /**
   * Longest execution of one item, in ms.
   * @default no limit
   */
  readonly timeout?: number;
}

/** Workers of one kind. */
export interface WorkerDefinition {
  /**
   * The file with the worker: its default export, or the only one that fits. A function `(data, info) => result`, or a class that
   * extends `SingleThreadedWorker` or `MultiThreadedWorker`. Each process imports it.
   */
  readonly module: URL | string;
  /** The name of the export. */
  readonly exportName?: string;
  /**
   * Of a function: whose items it gets.
   * @default the pipeline's only task
   */
  readonly taskType?: TaskType;
  /**
   * How many processes.
   * @default the number of cores
   */
  readonly count?: number;
  /**
   * Of a function: how many threads each process runs it in; 0: none.
   * @default 0
   */
  readonly threads?: number;
  /**
   * Of an async function without threads: executions at a time in each process.
   * @default 1
   */
  readonly concurrency?: number;
}

/** What happens to a result, in short. */
export type CollectFunction = (data: never, taskType: TaskType, info: CollectionInfo) => Awaitable<void>;

type AnyCollector = Collector<object, object, object>;
type AnyMetadata = MetaDataWorker<object>;

/** Where a worker's line comes from. */
export interface OutputSource {
  /** 1 for the first. */
  readonly worker: number;
  readonly stream: "stdout" | "stderr";
}

/** Of a {@link Pipeline}: what it runs, and what a distributor takes. */
export interface PipelineOptions
  extends Omit<
    DistributorOptions,
    | "collectorEndpoint"
    | "collectorAckEndpoint"
    | "receiveMetadata"
    | "metadataEndpoint"
    | keyof NetworkOptions
  > {
  /** The work: tasks, classes of them, or their short form. Their endpoints do not count. */
  readonly tasks: readonly (AnyTask | (new () => AnyTask) | TaskDefinition)[];
  /** Who does it: one kind of worker, or several. */
  readonly workers: WorkerDefinition | readonly WorkerDefinition[];
  /** Who gets the results: a collector, its class, or a function. Its endpoints do not count. */
  readonly collector: AnyCollector | (new () => AnyCollector) | CollectFunction;
  /**
   * Run-wide parameters, which all roles get before the first item.
   * @default none
   */
  readonly metadata?: object | AnyMetadata | (new () => AnyMetadata) | undefined;
  /**
   * How often in a row each worker is started again when it dies before it has an item; 0: a worker that died is never started again.
   * Deaths with an item do not count, once workers of its kind have finished items: the item that caused them is found out, and
   * fails with `WORKER_LOST`.
   * @default 5
   */
  readonly restarts?: number;
  /**
   * Gets every line that workers write. While a promise that it returns is pending, nothing more is read of that worker's stream: a
   * worker that writes faster has to wait. What it throws is told once, and ends nothing. A line of more than 1,048,576
   * characters comes in pieces.
   * @default writes it to stderr, behind the worker's number
   */
  readonly onOutput?: ((line: string, source: OutputSource) => unknown) | undefined;
}
