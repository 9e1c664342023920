import type { ThrownError } from "../protocol/error-info.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { TaskType } from "../protocol/task-type.ts";

/** An item that failed for good. */
export interface Failure<Item = Payload> {
  readonly id: string;
  readonly taskType: TaskType;
  /** The item's data, as its task produced it. */
  readonly data: Item;
  /** The last execution's error, with its causes and its own properties, as plain data. */
  readonly error: ThrownError;
  /** How often the item was executed in this generation. */
  readonly attempts: number;
  /** How often the item had failed for good before: 0, unless `retryFailed` had it executed again. The id stays the same. */
  readonly generation: number;
}
