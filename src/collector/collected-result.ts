import type { MessageType } from "../protocol/message-type.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { TaskType } from "../protocol/task-type.ts";

/** What a collector's handler gets about a result beside its data. */
export interface CollectionInfo {
  /** The item's id, for use as a key of idempotent writes. */
  readonly id: string;
  readonly taskType: TaskType;
  /**
   * How often the item had failed for good before: 0, unless `retryFailed` had it executed again. The id stays the same, so a result of a
   * later generation takes the place of the failure with its id.
   */
  readonly generation: number;
  /** `DATA`. */
  readonly msgtype: MessageType;
  /** The number of the execution that gave the result; 1 is the first. */
  readonly attempt: number;
  /** The id of the worker that executed the item. */
  readonly worker: string;
  /** How long the worker's handler took, in ms: for this item alone, or the mean of `durationItems` items. */
  readonly duration: number;
  /**
   * How many items `duration` is the mean of: 1 for an item that was measured alone, more for results that arrived in one message, and 0 when
   * nothing was measured, because the result was sent again.
   */
  readonly durationItems: number;
}

/** One result of a batch. */
export interface CollectedResult<Result = Payload> extends CollectionInfo {
  readonly data: Result;
}
