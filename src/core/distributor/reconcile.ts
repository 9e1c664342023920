import type { ItemRef } from "../../protocol/batch-message.ts";
import { type Item, QUEUE } from "./item.ts";
import type { WorkerRecord } from "./worker-record.ts";

/**
 * Compares what a worker reports after a reconnection with the ledger: any message may have been lost with the old connection.
 *
 * @param held - What the worker holds, by its own account.
 * @param wasGranted - Whether an item that waits was granted to the worker last, so that its claim to have the item may be true.
 * @returns The items that the worker has to drop.
 */
export function reconcile(
  worker: WorkerRecord,
  held: readonly ItemRef[],
  wasGranted: (item: Item) => boolean,
): ItemRef[] {
  const { task } = worker;
  const kept = new Set<number>();
  const revoked: ItemRef[] = [];
  for (const ref of held) {
    const item = task.items.get(ref.seq);
    if (item === undefined || item.place.at === "taken") {
      worker.settled.push(ref.seq);
    } else if (item.place === worker.place) {
      if (item.attempt === ref.attempt) kept.add(ref.seq);
    } else if (isUnclaimed(item, ref) && wasGranted(item)) {
      // Taken away, but granted to no other worker yet: the worker that still has the item goes on with it.
      item.attempt = ref.attempt;
      item.grantedAt = Math.trunc(worker.lastHeard);
      item.holder = worker;
      item.isRestored = false;
      task.move(item, worker.place);
      kept.add(ref.seq);
    } else {
      revoked.push(ref);
    }
  }
  for (const item of task.heldBy(worker)) if (!kept.has(item.seq)) task.move(item, QUEUE);
  if (worker.suspect !== undefined && worker.suspect.place !== worker.place) worker.suspect = undefined;
  return revoked;
}

/** Whether an item that a worker reports was taken away from it and has not been granted to another worker since. */
function isUnclaimed(item: Item, ref: ItemRef): boolean {
  if (item.failedAttempt === ref.attempt) return false;
  if (item.isRestored) return item.place.at !== "collector" && item.attempt <= ref.attempt;
  const waits = item.place.at !== "worker" && item.place.at !== "collector";
  return waits && item.attempt === ref.attempt;
}
