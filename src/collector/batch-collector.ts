import type { MessageType } from "../protocol/message-type.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { TaskType } from "../protocol/task-type.ts";
import type { Awaitable, Maybe } from "../role/awaitable.ts";
import { assertCount } from "../role/checks.ts";
import { assertNoArguments, type Members } from "../role/members.ts";
import { roleMembers } from "../role/role.ts";
import { adoptStaticFields } from "../role/static-fields.ts";
import { atCaller } from "../self/at-caller.ts";
import type { CollectedResult, CollectionInfo } from "./collected-result.ts";
import { COLLECTOR_FIELDS, COLLECTOR_METHODS, Collector, resultBatches } from "./collector.ts";
import type { ResultBatches } from "./delivery-handlers.ts";

/** Large enough for a database to be efficient, and small enough to be repeated after a crash. */
const DEFAULT_BATCH_SIZE = 1000;

/**
 * A collector that gets results in batches. A batch holds the results that arrived while the batch before was handled: a slow sink, such
 * as a database, gets large batches, and a fast sink gets its results without delay.
 *
 * @typeParam Result - What the workers' handlers return.
 * @typeParam AckData - The data that goes back to the task with each ACK.
 * @typeParam Metadata - The metadata that a `MetaDataWorker` provides.
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
  Result = Payload,
  AckData extends object = Payload,
  Metadata extends object = Payload,
> extends Collector<Result, AckData, Metadata> {
  /**
   * Most results in a batch.
   * @default 1000, and at most 8 MiB of encoded results
   */
  readonly batchSize: number = DEFAULT_BATCH_SIZE;

  /** Takes the static fields of the class as fields of the instance. */
  constructor();
  constructor(...given: readonly unknown[]) {
    super();
    atCaller(BatchCollector, () => assertNoArguments(this, given));
    adoptStaticFields(this, this[roleMembers]());
  }

  /**
   * Called with a batch of results that have not been handled before, one call at a time. The results count as collected when the method
   * has returned. When it throws, the collector ends with `COLLECTION_FAILED`, and all results of the batch go to the next collector.
   *
   * @param results - At least one result: its data, task type, id, attempt, worker and duration.
   * @returns Data for the ACKs of these results: the task's `handle()` gets it as `ackData`. Returning nothing means `{}`.
   */
  abstract handleBatch(results: readonly CollectedResult<Result>[]): Awaitable<Maybe<Partial<AckData>>>;

  /** Passes one result to `handleBatch()`. A run does not call it: it calls `handleBatch()` directly. */
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
