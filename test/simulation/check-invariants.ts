import type { DistributorCore } from "../../src/core/distributor/distributor-core.ts";
import type { WorkerRecord } from "../../src/core/distributor/worker-record.ts";
import type { ItemRef } from "../../src/protocol/batch-message.ts";
import { must, mustEqual } from "./must.ts";

/** Checks what must be true of the ledger after every step. */
export function checkInvariants(core: DistributorCore, window: number): void {
  for (const task of core.tasks) {
    const { items, acked, failed } = task.counts;
    mustEqual(items, acked + failed + task.items.size, "every item is acked, failed or in the ledger");
    const held = new Map<WorkerRecord, number>();
    task.items.forEach(({ place }) => {
      if (place.at === "worker") held.set(place.worker, (held.get(place.worker) ?? 0) + 1);
      else must(place.at !== "settled", "a settled item has left the ledger");
    });
    let inFlight = 0;
    for (const worker of task.workers) {
      mustEqual(worker.held, held.get(worker) ?? 0, "a worker holds what the ledger says it holds");
      must(worker.heldBytes >= 0, "a worker holds no fewer bytes than none");
      if (worker.suspect !== undefined) mustEqual(worker.held, 1, "a suspect is alone on its worker");
      if (task.withRoom.has(worker)) mustEqual(worker.phase.kind, "ready", "only ready workers are served");
      // Items that come back with a reconnected worker may exceed a window that has shrunk; nothing else may.
      must(worker.held <= Math.max(window, worker.window.size) * 4, "windows bound what is in flight");
      inFlight += worker.held;
      held.delete(worker);
    }
    mustEqual(held.size, 0, "no item is held by a worker that is gone");
    must(inFlight <= task.items.size, "what workers hold is in the ledger");
    if (task.phase === "complete") mustEqual(task.items.size, 0, "a complete task has nothing in flight");
    if (task.phase === "blocked") mustEqual(items, 0, "a blocked task has produced nothing");
  }
}

/** Checks what must be true of items that are granted to a worker. */
export function checkGrant(worker: WorkerRecord, items: readonly ItemRef[]): void {
  if (items.length === 0) return;
  must(worker.phase.kind !== "blocked", "nothing waits for a worker that is blocked");
  for (const { seq } of items) {
    const failedOn = worker.task.items.get(seq)?.failedOn ?? [];
    if (!failedOn.includes(worker.id)) continue;
    const others = [...worker.task.workers].filter(
      ({ phase }) => phase.kind === "ready" || (phase.kind === "blocked" && !phase.expired),
    );
    must(
      others.every(({ id }) => failedOn.includes(id)),
      `item ${seq} must not go where it failed while another worker lives`,
    );
  }
}
