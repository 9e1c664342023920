import type { ErrorInfo } from "../../protocol/batch-message.ts";
import type { ItemHistory } from "./item-history.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Where an item is: in exactly one of these places at any time. An {@link Item} moves only through `TaskLedger.move`. */
export type Place =
  /** Given back or to be retried; goes to the next worker with room. */
  | { readonly at: "queue" }
  /** Was on a worker that was lost; is granted alone. */
  | { readonly at: "suspects" }
  /** Waits before its next attempt. */
  | { readonly at: "backoff"; readonly until: number }
  /** Granted and not yet ACKed: in flight. */
  | { readonly at: "worker"; readonly worker: WorkerRecord }
  /** Failed for good; the report is on its way to the collector. */
  | { readonly at: "collector"; readonly error: ErrorInfo; readonly sentAt: number }
  /** Its result waits in a collector in this process, which will ACK it later. No worker has it any more. */
  | { readonly at: "taken" }
  /** ACKed. Only outdated queue entries still refer to the item. */
  | { readonly at: "settled" };

export const QUEUE: Place = { at: "queue" };
export const SUSPECTS: Place = { at: "suspects" };
export const TAKEN: Place = { at: "taken" };
export const SETTLED: Place = { at: "settled" };

/** One item of one task, from the moment it was produced until it is ACKed. */
export interface Item extends ItemHistory {
  place: Place;
  /** When the latest grant was made, in whole ms of the role's clock. */
  grantedAt: number;
  /** Ids of the workers counted in `losses` that this process has seen. A worker that comes back was not killed. */
  lostWith: string[];
  /** Ids of the workers on which the item has failed, the latest last. None of them gets it again while another worker lives. */
  failedOn: readonly string[];
  /** The worker that it was granted to last, if this process has granted it. */
  holder: WorkerRecord | undefined;
  /** Restored from the journal and not granted since: a worker may hold the item under an attempt that the journal does not have. */
  isRestored: boolean;
}

/** Shared by all new items: hardly any item ever fails or loses a worker. */
const NO_WORKERS: string[] = [];

export function newItem(seq: number, payload: Uint8Array): Item {
  return {
    seq,
    payload,
    place: QUEUE,
    attempt: 0,
    grantedAt: 0,
    failures: 0,
    failedAttempt: 0,
    losses: 0,
    lostWith: NO_WORKERS,
    failedOn: NO_WORKERS,
    holder: undefined,
    isRestored: false,
  };
}
