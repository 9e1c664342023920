import type { MessageType } from "../protocol/message-type.ts";
import type { TaskType } from "../protocol/task-type.ts";
import type { Awaitable, Maybe } from "../role/awaitable.ts";
import type { CollectedResult, CollectionInfo } from "./collected-result.ts";
import type { Failure } from "./failure.ts";

/** The user's methods that get deliveries. */
export interface DeliveryHandlers {
  handleCollection(
    data: unknown,
    taskType: TaskType,
    msgtype: MessageType,
    info: CollectionInfo,
  ): Awaitable<Maybe<object>>;
  handleFailure(failure: Failure<unknown>, taskType: TaskType): Awaitable<void>;
  readonly getAckData: (() => object) | undefined;
  /** Called instead of `handleCollection`, with results that are not decoded. */
  readonly encoded: EncodedResults | undefined;
  /** Used instead of `handleCollection`, with several results at a time. */
  readonly batches: ResultBatches | undefined;
}

/**
 * @param seq - The item's sequence number within its task.
 * @returns Nothing when the result is collected; or a promise that resolves when it is. Further results do not wait for that promise.
 */
export type EncodedResults = (seq: number, payload: Uint8Array) => Promise<void> | undefined;

export interface ResultBatches {
  /** Most results in a batch. */
  readonly size: number;
  handle(results: readonly CollectedResult<unknown>[]): Awaitable<Maybe<object>>;
}
