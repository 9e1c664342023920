import type { Collector } from "../collector/collector.ts";
import type { MappedResult, WorkerInput, WorkerResult } from "./module-types.ts";
import type {
  CollectFunction,
  EarlierCollectFunction,
  PipelineOptions,
  TaskDefinition,
  WorkerDefinition,
} from "./pipeline-options.ts";

/** Has the types of a worker's items and results. No object has this property. */
declare const handler: unique symbol;

/** Workers whose items and results are known to the compiler: what {@link defineWorker} returns. */
export interface DefinedWorker<Item, Result> extends WorkerDefinition {
  /** Never set: it carries the types of items and results. */
  readonly [handler]?: (item: Item) => Result;
}

type Workers = WorkerDefinition | readonly WorkerDefinition[];

type ResultOf<Worker> = Worker extends DefinedWorker<never, infer Result> ? Result : unknown;
type ResultsOf<W extends Workers> = W extends readonly unknown[] ? ResultOf<W[number]> : ResultOf<W>;

/** The items of the short forms among the tasks. */
type ItemsOf<Tasks extends PipelineOptions["tasks"]> = Tasks[number] extends infer Definition
  ? Definition extends TaskDefinition<infer Item>
    ? Item
    : never
  : never;

/** With one kind of workers, it gets the items of all tasks. */
type WorkersFor<W extends Workers, Item> = W extends readonly unknown[]
  ? unknown
  : DefinedWorker<Item, unknown>;

type AnyCollector<Result> = Collector<Result, object, object>;

/** Options of a pipeline whose collector gets what its workers return: see {@link definePipeline}. */
export interface DefinedPipeline<Tasks extends PipelineOptions["tasks"], W extends Workers>
  extends Omit<PipelineOptions, "tasks" | "workers" | "collector"> {
  readonly tasks: Tasks;
  readonly workers: W & WorkersFor<W, ItemsOf<Tasks>>;
  readonly collector:
    | AnyCollector<ResultsOf<W>>
    | (new () => AnyCollector<ResultsOf<W>>)
    | CollectFunction<ResultsOf<W>>
    | EarlierCollectFunction;
}

/**
 * Returns the short form of a task as it is; the compiler infers the type of its items, also for `key`.
 *
 * @example
 * ```ts
 * const squares = defineTask({ taskType: "square", items: [{ n: 1 }, { n: 2 }], key: ({ n }) => String(n) });
 * ```
 */
export function defineTask<Item>(definition: TaskDefinition<Item>): TaskDefinition<Item> {
  return definition;
}

/**
 * Returns the definition of workers as it is, with the types of their items and results.
 *
 * @typeParam Source - The type of the file, `typeof import("./square.ts")`, or of one of its functions.
 *
 * @example
 * ```ts
 * const workers = defineWorker<typeof import("./square.ts")>({ module: new URL("./square.ts", import.meta.url) });
 * ```
 */
export function defineWorker<Source>(
  definition: WorkerDefinition,
): DefinedWorker<WorkerInput<Source>, WorkerResult<Source>> {
  return definition;
}

/**
 * Returns a collector's function as it is. Its data have the type of the results.
 *
 * @typeParam Source - The type of the workers' file, `typeof import("./square.ts")`, or of one of its functions. Any other type is that of
 *   the results.
 *
 * @example
 * ```ts
 * const collector = defineCollector<typeof import("./square.ts")>(({ square }, { id }) => console.log(id, square));
 * ```
 */
export function defineCollector<Source>(
  collect: CollectFunction<MappedResult<Source>>,
): CollectFunction<MappedResult<Source>> {
  return collect;
}

/**
 * Returns the options of a `Pipeline` as they are. The compiler checks that the workers take the items of the short forms among the tasks,
 * and gives the collector's data the type of what the workers return.
 *
 * @example
 * ```ts
 * const pipeline = definePipeline({
 *   tasks: [{ taskType: "square", items: [{ n: 1 }, { n: 2 }] }],
 *   workers: defineWorker<typeof import("./square.ts")>({ module: new URL("./square.ts", import.meta.url) }),
 *   collector: ({ square }) => console.log(square),
 * });
 * await new Pipeline(pipeline).run();
 * ```
 */
export function definePipeline<const Tasks extends PipelineOptions["tasks"], const W extends Workers>(
  options: DefinedPipeline<Tasks, W>,
): DefinedPipeline<Tasks, W> {
  return options;
}
