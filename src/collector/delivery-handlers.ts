import type { Delivery } from "../core/collector/inbox.ts";
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
  /** Called instead of `handleCollection`, with results that are handled later. */
  readonly later: LaterResults | undefined;
  /** Used instead of `handleCollection`, with several results at a time. */
  readonly batches: ResultBatches | undefined;
}

/** @returns Nothing when the result is collected; or a promise that resolves when it is. Further deliveries do not wait for that promise. */
export type EncodedResults = (delivery: Delivery) => Promise<void> | undefined;

export interface LaterResults {
  /** @returns A promise that resolves when the result is collected and the distributor knows of that. Further deliveries do not wait for that promise. */
  take(result: CollectedResult<unknown>, delivery: Delivery): Promise<void>;
  /** A promise that resolves when those are collected that wait for no earlier result; `undefined` when there are none. The end of the run waits for it. */
  underWay(): Promise<void> | undefined;
}

export interface ResultBatches {
  /** Most results in a batch. */
  readonly size: number;
  handle(results: readonly CollectedResult<unknown>[]): Awaitable<Maybe<object>>;
}
