import type { AnyValue, KnownValue } from "../role/any-value.ts";
import type {
  AckDataOf,
  CollectorFor,
  DefinedTask,
  DefinedWorker,
  ItemsOf,
  MetadataOf,
  MetadataOption,
  ResultsOf,
  Tasks,
  Workers,
  WorkersFor,
} from "./define-types.ts";
import type { MappedResult, WorkerInput, WorkerMetadata, WorkerResult } from "./module-types.ts";
import type {
  CollectFunction,
  PipelineOptions,
  PipelineReports,
  TaskDefinition,
  WorkerDefinition,
} from "./pipeline-options.ts";

/**
 * Options of a pipeline whose parts fit together: see {@link definePipeline}.
 *
 * @typeParam T - The tasks.
 * @typeParam W - The workers.
 * @typeParam C - The collector.
 */
export type DefinedPipeline<
  T extends Tasks,
  W extends Workers,
  C extends CollectorFor<ResultsOf<W>, AckDataOf<T>>,
> = Omit<PipelineOptions, "tasks" | "workers" | "collector" | "metadata" | "onFailure"> &
  MetadataOption<MetadataOf<T, W, C>> &
  Pick<PipelineReports<ItemsOf<T>>, "onFailure"> & {
    readonly tasks: T;
    readonly workers: W & WorkersFor<W, ItemsOf<T>>;
    readonly collector: C;
  };

/**
 * Returns the short form of a task as it is; the compiler infers the type of its items, also for `key`, and of the metadata that they expect.
 *
 * @example
 * ```ts
 * const squares = defineTask({ taskType: "square", items: [{ n: 1 }, { n: 2 }], key: ({ n }) => String(n) });
 * ```
 */
export function defineTask<Item, Metadata = AnyValue>(
  definition: TaskDefinition<Item, Metadata>,
): DefinedTask<Item, Metadata> {
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
): DefinedWorker<WorkerInput<Source>, WorkerResult<Source>, WorkerMetadata<Source>> {
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
  collect: CollectFunction<KnownValue<MappedResult<Source>>>,
): CollectFunction<KnownValue<MappedResult<Source>>> {
  return collect;
}

/**
 * Returns the options of a `Pipeline` as they are. The compiler checks the seams: the workers take the items of all tasks (each of
 * several kinds: those of at least one task), the collector's data
 * have the type of what the workers return, its ACK data are what the tasks expect, and the metadata are what all of them expect. Classes that
 * leave a type open demand nothing.
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
export function definePipeline<
  const T extends Tasks,
  const W extends Workers,
  const C extends CollectorFor<ResultsOf<W>, AckDataOf<T>>,
>(options: DefinedPipeline<T, W, C>): NoInfer<DefinedPipeline<T, W, C>> {
  return options;
}
