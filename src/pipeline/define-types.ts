// The types that definePipeline() carries from one part of a pipeline to another.
import type { Collector } from "../collector/collector.ts";
import type { AckOrigin } from "../distributor/latest-ack.ts";
import type { AnyTask } from "../distributor/task.ts";
import type { MetaDataWorker } from "../metadata/meta-data-worker.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { AnyValue, KnownValue } from "../role/any-value.ts";
import type { Maybe } from "../role/awaitable.ts";
import type {
  CollectFunction,
  EarlierCollectFunction,
  PipelineOptions,
  TaskDefinition,
  WorkerDefinition,
} from "./pipeline-options.ts";

/** Has the types of a worker's items, results and metadata. No object has this property. */
declare const handler: unique symbol;

/** Workers whose items, results and metadata are known to the compiler: what `defineWorker()` returns. */
export type DefinedWorker<Item, Result, Metadata = unknown> = WorkerDefinition & {
  /** Never set: it carries the types. */
  readonly [handler]?: (item: Item, metadata: Metadata) => Result;
};

/** Has the type of the metadata that a task's items expect. No object has this property. */
declare const expected: unique symbol;

/** A task whose items, and the metadata that these expect, are known to the compiler: what `defineTask()` returns. */
export interface DefinedTask<Item, Metadata = unknown> extends TaskDefinition<Item> {
  /** Never set: it carries the type. */
  readonly [expected]?: (metadata: Metadata) => void;
}

export type Tasks = PipelineOptions["tasks"];
export type Workers = WorkerDefinition | readonly WorkerDefinition[];

type Each<List> = List extends readonly unknown[] ? List[number] : List;

/** A class or an instance: the instance. */
type Instance<T> = T extends abstract new (...args: never) => infer Made ? Made : T;

/** A type that meets all demands of a union of functions, each of which takes one. */
type All<Demands> = [Demands] extends [never]
  ? unknown
  : [Demands] extends [(demand: infer All) => void]
    ? All
    : never;

/** No demand, where a class leaves the type open. */
type Demanded<T> = Payload extends T ? unknown : T;

type ResultOf<Worker> =
  Worker extends DefinedWorker<never, infer Result, never> ? KnownValue<Result> : AnyValue;

/** What the workers return. */
export type ResultsOf<W extends Workers> = ResultOf<Each<W>>;

type ItemOfClass<T> = T extends {
  items(...args: never): Iterable<infer Item> | AsyncIterable<infer Item>;
}
  ? Item
  : T extends { handle(...args: never): infer Item }
    ? Exclude<Awaited<Item>, Maybe<never>>
    : never;

type ItemOf<T> = T extends AnyTask ? ItemOfClass<T> : T extends TaskDefinition<infer Item> ? Item : never;

/** The items of all tasks. */
export type ItemsOf<T extends Tasks> = ItemOf<Instance<T[number]>>;

/** Workers that take the items of at least one of the tasks. */
type TakesSome<Item> = Item extends unknown ? DefinedWorker<Item, unknown, never> : never;

/**
 * With one kind of workers, it gets the items of all tasks. Of several kinds, each takes the items of some task: the compiler does not know
 * which one, because a task type is a value. Where the items of a task are unknown, nothing is checked.
 */
export type WorkersFor<W extends Workers, Item> = W extends readonly unknown[]
  ? unknown extends Item
    ? unknown
    : [Item] extends [never]
      ? unknown
      : readonly TakesSome<Item>[]
  : DefinedWorker<Item, unknown, never>;

type MetadataDemand<T> = T extends { metadata: infer Metadata }
  ? (demand: Demanded<Metadata>) => void
  : T extends { readonly items: (metadata: infer Metadata) => unknown }
    ? (demand: Demanded<Metadata>) => void
    : T extends DefinedWorker<never, unknown, infer Metadata>
      ? (demand: Demanded<Metadata>) => void
      : T extends DefinedTask<unknown, infer Metadata>
        ? (demand: Demanded<Metadata>) => void
        : never;

/** The metadata that tasks, workers and the collector expect. */
export type MetadataOf<T extends Tasks, W extends Workers, C> = All<
  MetadataDemand<Instance<T[number]> | Each<W> | Instance<C>>
>;

/** Metadata may be left out where nothing expects any. */
export type MetadataOption<Metadata> = unknown extends Metadata
  ? Pick<PipelineOptions, "metadata">
  : {
      readonly metadata:
        | Metadata
        | MetaDataWorker<Metadata & object>
        | (new () => MetaDataWorker<Metadata & object>);
    };

type AckDemand<T> = T extends {
  isAvailableForHandling(lastAckData: infer AckData & AckOrigin, ...rest: never): boolean;
}
  ? (demand: Demanded<AckData>) => void
  : never;

/** The ACK data that tasks expect. */
export type AckDataOf<T extends Tasks> = All<AckDemand<Instance<T[number]>>> & object;

type CollectorClass<Result, AckData extends object> = Collector<Result, AckData, object>;

/** A collector that takes these results, and gives these ACK data. */
export type CollectorFor<Result, AckData extends object> =
  | CollectorClass<Result, AckData>
  | (new () => CollectorClass<Result, AckData>)
  | CollectFunction<Result>
  | EarlierCollectFunction;
