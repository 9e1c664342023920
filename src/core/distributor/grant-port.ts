import type { ItemPayload } from "../../protocol/batch-message.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** What the distribution of items says to workers. */
export interface GrantPort {
  /** @param solo - Whether the item is granted alone, as a suspect. */
  grant(worker: WorkerRecord, items: readonly ItemPayload[], solo: boolean): void;
  recall(worker: WorkerRecord, count: number): void;
}
