import type { CollectionInfo } from "../collector/collected-result.ts";
import type { Collector } from "../collector/collector.ts";
import type { Failure } from "../collector/failure.ts";
import type { RetryOptions } from "../core/distributor/retry-policy.ts";
import type { DistributorOptions } from "../distributor/distributor-options.ts";
import type { RunProgress, RunSummary } from "../distributor/run-summary.ts";
import type { AnyTask } from "../distributor/task.ts";
import type { MetaDataWorker } from "../metadata/meta-data-worker.ts";
import type { TaskType } from "../protocol/task-type.ts";
import type { AnyValue } from "../role/any-value.ts";
import type { Awaitable } from "../role/awaitable.ts";
import type { NetworkOptions } from "../role/network.ts";
import type { InspectOptions } from "./inspect-workers.ts";
import type { ProgramCommand } from "./program-command.ts";

/** A function that makes the items of a task. A parameter, which gets the metadata, may have any type. */
type ItemsFunction<Item, Metadata> = {
  /** Called once. With a parameter, it is called when the metadata are there. */
  items(metadata: Metadata): Iterable<Item> | AsyncIterable<Item>;
}["items"];

/**
 * The short form of a task: its items, without a class and without an endpoint.
 *
 * @typeParam Item - The items.
 * @typeParam Metadata - What a function in `items` gets.
 */
export interface TaskDefinition<Item = AnyValue, Metadata = AnyValue> {
  /** A name stands for the task type of that name. */
  readonly taskType: TaskType | string;
  /** An iterable of items, pulled lazily; or a function that returns one, called once. With a parameter, it gets the metadata. */
  readonly items: Iterable<Item> | AsyncIterable<Item> | ItemsFunction<Item, Metadata>;
  /**
   * Returns the key of an item; items with the same key are the same: see `Task.key()`.
   * @default none: every item is executed
   */
  key?(item: Item): string;
  /**
   * Task types that must be complete before this task begins.
   * @default none
   */
  readonly dependencies?: readonly (TaskType | string)[];
  /**
   * How many items there will be, for the display of progress.
   * @default the length of `items`, where that is an array
   */
  readonly total?: number;
  readonly retry?: RetryOptions;
  /**
   * The longest that one execution of an item may take, in ms.
   * @default no limit
   */
  readonly timeout?: number;
}

/** Workers of one kind that are a function or a class of a module. */
export interface ModuleWorkers {
  /**
   * The file with the worker: its default export, or the only export that fits. That is a function `(data, info) => result`, or a class that
   * extends `SingleThreadedWorker` or `MultiThreadedWorker`. Each worker process imports the file.
   */
  readonly module: URL | string;
  /** The name of the export that is the worker. */
  readonly exportName?: string;
  /**
   * For a function: the task type whose items it gets.
   * @default the pipeline's only task
   */
  readonly taskType?: TaskType | string;
  /**
   * How many worker processes there are. 0: the worker runs in this process, for breakpoints and short stack traces.
   * @default the number of cores
   */
  readonly count?: number;
  /**
   * For a function: how many threads each process runs it in; 0: none.
   * @default 0
   */
  readonly threads?: number;
  /**
   * For an async function without threads: executions at a time in each process.
   * @default 1
   */
  readonly concurrency?: number;
  readonly command?: undefined;
  readonly exec?: undefined;
}

/** What all workers that are programs have. */
interface ProgramWorkers {
  /**
   * The task type whose items they get.
   * @default the pipeline's only task
   */
  readonly taskType?: TaskType | string;
  /**
   * How many of the programs run at a time.
   * @default the number of cores
   */
  readonly count?: number;
  readonly module?: undefined;
  readonly exportName?: undefined;
  readonly threads?: undefined;
  readonly concurrency?: undefined;
}

/** Workers of one kind that are programs in any language, and execute one item after the other. */
export interface CommandWorkers extends ProgramWorkers {
  /**
   * The program: it reads a line of JSON for each item, `{"id","attempt","taskType","data"}`, and answers with `{"id","result"}` or `{"id","error"}`.
   * It is started again when it ends. A text is split into words as a shell would; no shell is called. `docs/guides/commands.md` has the rules.
   */
  readonly command: ProgramCommand;
  readonly exec?: undefined;
}

/** Workers of one kind that are programs, each of which is started for one item. */
export interface ExecWorkers extends ProgramWorkers {
  /**
   * The program: `{name}` in its arguments is the item's member of that name, `{}` the whole item; without any of these, the item is its standard
   * input. Its standard output is the result, as text. A text is split into words as a shell would; no shell is called.
   */
  readonly exec: ProgramCommand;
  readonly command?: undefined;
}

/** Workers of one kind: a function or a class of a module, or programs. */
export type WorkerDefinition = ModuleWorkers | CommandWorkers | ExecWorkers;

/**
 * The short form of a collector: called with each result and what is known about it. Data that are `unknown` may be given any type.
 *
 * @typeParam Result - What the workers return.
 */
export type CollectFunction<Result = AnyValue> = {
  /** Gets one result, and the facts about it. */
  collect(data: Result, info: CollectionInfo): Awaitable<void>;
}["collect"];

/**
 * A collector's function of three parameters, which gets the task type in the middle. Two signatures, so that the compiler gives the
 * parameters of other functions the types of {@link CollectFunction}.
 */
export interface EarlierCollectFunction {
  <_>(data: never, taskType: TaskType, info: CollectionInfo): Awaitable<void>;
  (data: never, taskType: TaskType, info: CollectionInfo): Awaitable<void>;
}

type AnyCollector = Collector<unknown, object, object>;
type AnyMetadata = MetaDataWorker<object>;

/** The origin of a line of output. */
export interface OutputSource {
  /** The number of the worker, counted from 1. */
  readonly worker: number;
  readonly stream: "stdout" | "stderr";
}

/** Methods, so that the compiler accepts a function that takes more special failures. */
type FailureFunction<Item> = {
  /** Gets one failure. */
  report(failure: Failure<Item>): unknown;
}["report"];

/** What a {@link Pipeline} reports while it runs, and at its end. What one of these throws, or a promise that it returns, ends the run with that error. */
export interface PipelineReports<Item = unknown> {
  /**
   * Called once for each item that failed for good: with its id, task type, data, error, and the number of its executions. It is called after
   * the collector's own `handleFailure()`, in the order of the results; results wait for a promise that it returns. With it, the default of
   * `handleFailure()` writes nothing to the log.
   * @default none: the collector's `handleFailure()` alone, whose default writes to the log
   */
  readonly onFailure?: FailureFunction<Item> | undefined;
  /**
   * Called while the run goes on, at most ten times a second and only when something has changed, and once more at its end: with the
   * number of workers, and the counts of each task. It is not called while a promise that it returned is pending.
   * @default none
   */
  readonly onProgress?: ((progress: RunProgress) => unknown) | undefined;
  /**
   * Called once when the run is over, complete or stopped, with what `run()` returns. `run()` waits for it. It is not called when the run
   * ends with an error.
   * @default none
   */
  readonly onFinished?: ((summary: RunSummary) => unknown) | undefined;
}

/** Options of a {@link Pipeline}: what it runs, and the options of its distributor. */
export interface PipelineOptions
  extends Omit<
      DistributorOptions,
      | "collectorEndpoint"
      | "collectorAckEndpoint"
      | "receiveMetadata"
      | "metadataEndpoint"
      | keyof NetworkOptions
    >,
    PipelineReports {
  /** The work: tasks, task classes, or short forms. Their endpoints are ignored. */
  readonly tasks: readonly (AnyTask | (new () => AnyTask) | TaskDefinition)[];
  /** The workers: of one kind, or of several. */
  readonly workers: WorkerDefinition | readonly WorkerDefinition[];
  /** The receiver of results: a collector, a collector class, or a function. Its endpoints are ignored. */
  readonly collector: AnyCollector | (new () => AnyCollector) | CollectFunction | EarlierCollectFunction;
  /**
   * Run-wide parameters that all roles get before the first item.
   * @default none
   */
  readonly metadata?: object | AnyMetadata | (new () => AnyMetadata) | undefined;
  /**
   * How often in a row each worker is started again when it dies before it has an item; 0: a worker that died is never started again.
   * Deaths with an item do not count once workers of the same kind have finished items: the distributor finds the item that kills its
   * worker, and that item fails with `WORKER_LOST`.
   * @default 5
   */
  readonly restarts?: number;
  /**
   * Lets debuggers attach to worker processes, on 127.0.0.1: `true` or the port of worker 1, or {@link InspectOptions}. Each worker writes its address.
   * @default false
   */
  readonly inspectWorkers?: boolean | number | InspectOptions;
  /**
   * Gets every line that workers write. While a promise that it returns is pending, that stream of the worker is not read: a worker that
   * writes faster has to wait. If it throws, the run goes on, and the first error is logged. A line of more than 1,048,576 characters
   * comes in pieces.
   * @default writes the line to stderr, behind the worker's number
   */
  readonly onOutput?: ((line: string, source: OutputSource) => unknown) | undefined;
}
