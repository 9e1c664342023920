import type { ErrorInfo } from "../../protocol/batch-message.ts";
import type { Item } from "./item.ts";
import type { TaskCounts } from "./task-ledger.ts";

/** Who wants to know of everything that a task's ledger would need to be made again: the journal. */
export interface TaskJournal {
  /** The source gave an item. @param key - The hash of its key, where it has one. */
  produced(item: Item, key: Uint8Array | undefined): void;
  /** The source has no more. @param skipped - Items that it left out because of their keys. */
  exhausted(skipped: number): void;
  /** An execution counted as failed or lost, and the item goes out again. */
  retried(item: Item): void;
  /** The item failed for good; the collector does not know it yet. */
  gaveUp(item: Item, error: ErrorInfo): void;
  /** The collector has handled results, or failures. */
  settled(seqs: readonly number[], as: "acked" | "failed"): void;
}

/** An item that is produced and not settled, as a resumed run begins with it. */
export interface PendingItem
  extends Pick<Item, "seq" | "payload" | "attempt" | "failedAttempt" | "failures" | "losses"> {
  /** Set where it failed for good, and the collector may not know. */
  readonly error?: ErrorInfo;
}

/** A task's ledger as another life of the distributor left it. */
export interface TaskSnapshot {
  readonly counts: Readonly<TaskCounts>;
  /** Sequence number of the next item. */
  readonly nextSeq: number;
  /** The source gave items: what the task depends on was complete. */
  readonly hasBegun: boolean;
  /** The source has no more. */
  readonly exhausted: boolean;
  readonly pending: Iterable<PendingItem>;
}
