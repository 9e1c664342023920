import type { ErrorInfo } from "../../protocol/batch-message.ts";
import type { ItemHistory } from "./item-history.ts";

/** Counts of one task so far. */
export interface TaskCounts {
  /** Items produced. */
  items: number;
  /** Items whose result the collector has handled. */
  acked: number;
  /** Items that failed for good and were reported to the collector. */
  failed: number;
  /** Executions repeated because of a failure or a lost worker. */
  retried: number;
  /** Items left out because an item with the same key was known. */
  skipped: number;
}

/** An item that was produced and not settled when the distributor ended. */
export interface PendingItem extends Readonly<ItemHistory> {
  /** Why the item failed for good; absent when it did not. The collector may not have the report yet. */
  readonly error?: ErrorInfo;
}

/** A task's ledger as the journal has it: a resumed run begins with it. */
export interface TaskSnapshot {
  readonly counts: Readonly<TaskCounts>;
  /** Number of the next item. */
  readonly nextSeq: number;
  /** The source has given items, so every dependency of the task was complete. */
  readonly hasBegun: boolean;
  /** The source has no more items. */
  readonly exhausted: boolean;
  readonly pending: Iterable<PendingItem>;
}
