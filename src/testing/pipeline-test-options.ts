import type { AnyTask } from "../distributor/task.ts";
import type { ExecutionInfo } from "../executor/execution-info.ts";
import type {
  CollectFunction,
  ModuleWorkers,
  PipelineOptions,
  TaskDefinition,
} from "../pipeline/pipeline-options.ts";
import type { TaskType } from "../protocol/task-type.ts";
import type { AnyValue } from "../role/any-value.ts";
import type { Awaitable } from "../role/awaitable.ts";
import type { MultiThreadedWorker } from "../worker/multi-threaded-worker.ts";
import type { SingleThreadedWorker } from "../worker/single-threaded-worker.ts";
import type { FaultRates } from "./fault-rates.ts";

/** A handler in its short form, as a worker's module exports it. */
export type TestedFunction = {
  /** Executes one item. */
  handle(data: AnyValue, info: ExecutionInfo): unknown;
}["handle"];

/**
 * A worker under test: a function `(data, info) => result`, a worker class, a function for the items of one task, or the module that a `Pipeline`
 * has as `workers`. Of a module, `count`, `threads` and `concurrency` are not used. It is imported once, into this thread, so its variables survive
 * kills.
 */
export type TestedWorker =
  | TestedFunction
  | (new () =>
      | SingleThreadedWorker<AnyValue, AnyValue, object>
      | MultiThreadedWorker<AnyValue, AnyValue, object>)
  | { readonly taskType: TaskType | string; readonly handler: TestedFunction }
  | ModuleWorkers;

/** A function that makes a collector. */
export interface TestedCollector {
  /** Called at each start of the collector; returns a new instance. */
  create(): Extract<PipelineOptions["collector"], object & { handleCollection: unknown }>;
}

/** Options of {@link testPipeline}. */
export interface PipelineTestOptions {
  /**
   * The tasks: classes, or short forms. Each run, and each start of the distributor, reads their items from the beginning: `items` of a short
   * form is an array or a function, not an iterator that can be read once.
   */
  readonly tasks: readonly ((new () => AnyTask) | TaskDefinition)[];
  /** The workers: one for all tasks, or several. A function gets the items of every task that has no worker of its own. */
  readonly worker: TestedWorker | readonly TestedWorker[];
  /**
   * The receiver of results. Of a class, each start of the collector makes a new instance: what it keeps in its fields is lost when it is
   * killed. What a function keeps in its closure survives, as a database would. For a collector whose constructor takes options, give a function
   * that makes one: `{ create: () => new NdjsonCollector({ path }) }`.
   */
  readonly collector:
    | Extract<PipelineOptions["collector"], new () => unknown>
    | CollectFunction
    | TestedCollector;
  /**
   * Run-wide parameters that all roles get.
   * @default none
   */
  readonly metadata?: object;
  /**
   * The seed of the first run with faults. The same seed gives the same run.
   * @default 1
   */
  readonly seed?: number;
  /**
   * How many runs are tried, with the seeds from `seed` on. The first that finds something is the last.
   * @default 100
   */
  readonly runs?: number;
  /**
   * Which faults happen, and how often.
   * @default all kinds that need no journal, with rates from 0.02 to 0.1
   */
  readonly faults?: FaultRates;
  /**
   * How many workers each task has.
   * @default 3
   */
  readonly workerCount?: number;
  /**
   * Called before each run: puts what handlers write to in its first state.
   * @default none
   */
  readonly reset?: () => Awaitable<void>;
  /**
   * Returns the state of what handlers write to, such as the rows of a table. Called before and after each repeated call of a handler, and at
   * the end of each run; needs `reset`. Leave out what may differ between two runs, such as times, and sort what may have any order.
   * @default none: only results, and what handlers throw, are compared
   */
  readonly snapshot?: () => unknown;
  /**
   * Whether two results of one item count as the same.
   * @default deep equality
   */
  readonly sameResult?: (one: AnyValue, other: AnyValue) => boolean;
  /**
   * Whether items may fail for good. Otherwise an item that does is a finding.
   * @default false
   */
  readonly allowFailures?: boolean;
  /**
   * The longest run, in ms of virtual time.
   * @default 600,000, and 500 for each item that the first run had
   */
  readonly timeLimit?: number;
  /**
   * The longest that a promise of a handler, a hook or `items` may take to settle, in ms of real time. Virtual time stands still meanwhile.
   * @default 3000
   */
  readonly handlerTimeout?: number;
  /**
   * Whether `testPipeline()` throws when it finds something. With `false`, it returns the verdict.
   * @default true
   */
  readonly throws?: boolean;
}
