import type { MessageType } from "../protocol/message-type.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { TaskType } from "../protocol/task-type.ts";
import type { Awaitable, Maybe } from "../role/awaitable.ts";
import type { CollectedResult, CollectionInfo } from "./collected-result.ts";
import type { Failure } from "./failure.ts";

/** Where deliveries go. */
export interface DeliveryHandlers {
  handleCollection(
    data: Payload,
    taskType: TaskType,
    msgtype: MessageType,
    info: CollectionInfo,
  ): Awaitable<Maybe<object>>;
  handleFailure(failure: Failure, taskType: TaskType): Awaitable<void>;
  readonly getAckData: (() => object) | undefined;
  /** Instead of `handleCollection`: results as they came, for one who decodes them later. */
  readonly encoded: EncodedResults | undefined;
  /** Instead of `handleCollection`: up to so many results at a time. */
  readonly batches: ResultBatches | undefined;
}

/** @param seq - The item's place in the order of its task. */
export type EncodedResults = (seq: number, payload: Uint8Array) => void;

export interface ResultBatches {
  readonly size: number;
  handle(results: readonly CollectedResult[]): Awaitable<Maybe<object>>;
}
