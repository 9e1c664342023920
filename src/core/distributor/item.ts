import type { ErrorInfo } from "../../protocol/batch-message.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Where an item is. Exactly one of these at any time; {@link Item} moves only through `TaskLedger.move`. */
export type Place =
  /** Given back or to be retried; goes to the next worker with room. */
  | { readonly at: "queue" }
  /** Was on a worker that was lost; goes out alone. */
  | { readonly at: "suspects" }
  /** Failed, and waits before its next attempt. */
  | { readonly at: "backoff"; readonly until: number }
  /** Granted and not yet ACKed: in flight. */
  | { readonly at: "worker"; readonly worker: WorkerRecord }
  /** Failed for good; the report is on its way to the collector. */
  | { readonly at: "collector"; readonly error: ErrorInfo; readonly sentAt: number }
  /** ACKed. Only stale queue entries still know the item. */
  | { readonly at: "settled" };

export const QUEUE: Place = { at: "queue" };
export const SUSPECTS: Place = { at: "suspects" };
export const SETTLED: Place = { at: "settled" };

/** One item of one task, from the moment it was produced until it is ACKed. */
export interface Item {
  readonly seq: number;
  readonly payload: Uint8Array;
  place: Place;
  /** Number of the latest grant. */
  attempt: number;
  /** When that was, in whole ms of the role's clock. */
  grantedAt: number;
  /** Executions that ended in a FAIL that counted. */
  failures: number;
  /** The attempt whose FAIL counted last: whoever reports that he has it has only the report left. */
  failedAttempt: number;
  /** Workers lost while this item alone can have been the cause. */
  losses: number;
  /** Those of them that this life knows, by id: one that comes back was not killed. */
  lostWith: string[];
  /** The workers it has failed on, by id, the latest last: none of them gets it again while another one lives. */
  failedOn: readonly string[];
  /** Of an earlier life of the distributor, and not granted in this one: a worker may have it, under an attempt that nobody wrote down. */
  isRestored: boolean;
}

/** Shared: hardly any item ever costs a worker. */
const NOBODY: string[] = [];

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
    lostWith: NOBODY,
    failedOn: NOBODY,
    isRestored: false,
  };
}
