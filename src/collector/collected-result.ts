import type { Payload } from "../protocol/payload/payload.ts";
import type { TaskType } from "../protocol/task-type.ts";

/** What a collector's handler is told about a result beside its data. */
export interface CollectionInfo {
  /** The item's id: a key for idempotent writes. */
  readonly id: string;
  /** Which of the item's executions gave the result; 1 is the first. */
  readonly attempt: number;
  /** The id of the worker that executed it. */
  readonly worker: string;
  /** How long the handler took, in ms: of results that came together, the mean. */
  readonly duration: number;
}

/** One of the results that are handed over together. */
export interface CollectedResult<Result extends object = Payload> extends CollectionInfo {
  readonly data: Result;
  readonly taskType: TaskType;
}
