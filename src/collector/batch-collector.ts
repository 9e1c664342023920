import type { MessageType } from "../protocol/message-type.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { TaskType } from "../protocol/task-type.ts";
import type { Awaitable, Maybe } from "../role/awaitable.ts";
import { assertCount } from "../role/checks.ts";
import type { Members } from "../role/members.ts";
import { roleMembers } from "../role/role.ts";
import type { CollectedResult, CollectionInfo } from "./collected-result.ts";
import { COLLECTOR_FIELDS, COLLECTOR_METHODS, Collector, resultBatches } from "./collector.ts";
import type { ResultBatches } from "./delivery-handlers.ts";

/** Enough for a database to be at its best, few enough to be repeated after a crash. */
const DEFAULT_BATCH_SIZE = 1000;

/**
 * A collector that gets results together: as many as have arrived while it handled the ones before, so that a slow sink, such as a
 * database, gets large batches, and a fast one does not wait for them.
 *
 * @typeParam Result - What the workers' handlers return.
 * @typeParam AckData - What goes back to the tasks with each ACK.
 * @typeParam Metadata - What a `MetaDataWorker` provides.
 *
 * @example
 * ```ts
 * class Bulk extends BatchCollector<{ square: number }> {
 *   readonly endpoint = COLLECTOR;
 *   readonly ackEndpoint = COLLECTOR_ACK;
 *   async handleBatch(results: readonly CollectedResult<{ square: number }>[]) {
 *     await store.insert(results.map(({ id, data }) => ({ id, ...data })));
 *   }
 * }
 * ```
 */
export abstract class BatchCollector<
  Result extends object = Payload,
  AckData extends object = Payload,
  Metadata extends object = Payload,
> extends Collector<Result, AckData, Metadata> {
  /**
   * Most results at a time.
   * @default 1000, and no more than 8 MiB of them
   */
  readonly batchSize: number = DEFAULT_BATCH_SIZE;

  /**
   * Called with results that have not been handled, one call at a time. They count as collected when this has returned; when it
   * throws, the collector ends with `COLLECTION_FAILED` and all of them are delivered to the next collector.
   *
   * @param results - At least one: its data, task type, id, attempt, worker and duration.
   * @returns Data for their ACK: `handle()` gets it as `ackData`. Nothing counts as `{}`.
   */
  abstract handleBatch(results: readonly CollectedResult<Result>[]): Awaitable<Maybe<Partial<AckData>>>;

  /** Gives one result to `handleBatch`. A run calls that itself. */
  handleCollection(
    data: Result,
    taskType: TaskType,
    _msgtype: MessageType,
    info: CollectionInfo,
  ): Awaitable<Maybe<Partial<AckData>>> {
    return this.handleBatch([{ ...info, data, taskType }]);
  }

  /** @internal */
  override [roleMembers](): Members {
    return {
      base: BatchCollector.prototype,
      methods: ["handleBatch", ...COLLECTOR_METHODS],
      fields: [...COLLECTOR_FIELDS, "batchSize"],
    };
  }

  /** @internal */
  override [resultBatches](): ResultBatches {
    assertCount(`${this.constructor.name}.batchSize`, this.batchSize, 1);
    return {
      size: this.batchSize,
      handle: (results) => this.handleBatch(results as readonly CollectedResult<Result>[]),
    };
  }
}
