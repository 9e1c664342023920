import { itemNumber } from "./generation.ts";

/**
 * The id of an item. All executions and deliveries of the item have the same id, also in later generations, and no other item of this or another run has it,
 * so it can be the key of an idempotent write.
 */
export function itemId(runId: string, taskType: string, seq: number): string {
  return `${runId}/${taskType}/${itemNumber(seq)}`;
}
