import type { RetryPolicy } from "./retry-policy.ts";
import type { TaskJournal } from "./task-journal.ts";
import type { TaskSnapshot } from "./task-snapshot.ts";

/** Where a task's items come from. */
export interface ItemSource {
  /**
   * The next item's payload; `"wait"` when there is none just now (`DistributorCore.sourceReady` is called when there may be one);
   * `"done"` after the last one.
   *
   * @param worker - The id of the worker that will get the item.
   * @param wanted - How many items could be granted at once, this one included.
   */
  pull(worker: string, wanted: number): Uint8Array | "wait" | "done";
  /** The hash of the key of the item that `pull()` gave last, if items have keys. */
  readonly key?: Uint8Array | undefined;
  /** Items left out so far because an item with the same key was known. */
  readonly skipped?: number | undefined;
}

/** What a distributor needs to know of one task. */
export interface TaskSpec {
  readonly name: string;
  /** The address at which its workers connect, for errors. */
  readonly address?: string;
  readonly dependencies: readonly string[];
  readonly retry: RetryPolicy;
  /** Longest execution of one item, in ms; 0: unlimited. */
  readonly timeoutMs: number;
  readonly source: ItemSource;
  /** Workers that are being started for the task; 0 or absent: unknown. */
  readonly expectedWorkers?: number;
  /** The ledger to go on from, when the run is resumed from its journal. */
  readonly restored?: TaskSnapshot | undefined;
  /** Records the ledger's changes. */
  readonly journal?: TaskJournal | undefined;
}
