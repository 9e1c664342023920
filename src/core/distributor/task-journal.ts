import type { ErrorInfo } from "../../protocol/batch-message.ts";
import type { ItemHistory } from "./item-history.ts";

/** Hears of every change from which a task's ledger can be rebuilt. The run's journal implements it. */
export interface TaskJournal {
  /** The source gave an item. @param key - The hash of the item's key, if items have keys. */
  produced(item: ItemHistory, key: Uint8Array | undefined): void;
  /** The source has no more items. @param skipped - Items that it left out because of their keys. */
  exhausted(skipped: number): void;
  /** An execution counted as failed or lost, and the item is granted again. */
  retried(item: ItemHistory): void;
  /** The item failed for good; the collector has no report of that yet. */
  gaveUp(item: ItemHistory, error: ErrorInfo): void;
  /** The collector has handled results, or failures. */
  settled(seqs: readonly number[], as: "acked" | "failed"): void;
}
