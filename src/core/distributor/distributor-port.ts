import type { RunStatus } from "../../protocol/batch-message.ts";
import type { Message } from "../../protocol/message.ts";
import type { WindowLimits } from "../window.ts";
import type { CollectorLinkPort } from "./collector-link.ts";
import type { OwnedWorkers } from "./owned-workers.ts";
import type { TaskLedger } from "./task-ledger.ts";

export interface DistributorCoreOptions extends WindowLimits {
  readonly runId: string;
  readonly peerId: string;
  /** What the two links to the collector have in common, and nobody else is told: nobody can speak for the distributor. */
  readonly linkId: string;
  /** The run's trace context; empty: none. */
  readonly context: string;
  /** Losses that one item may cause before it is given up. */
  readonly crashLimit: number;
  /** Ready workers that a task waits for before its first item. */
  readonly minWorkers: number;
  /** Items that may fail for good before the run is given up. */
  readonly maxFailures: number;
  /** Longest wait for a collector, or for a task's first worker, in ms. */
  readonly peerTimeout: number;
  /** Longest wait for END to be confirmed, in ms. */
  readonly endTimeout: number;
  /** What is known of the workers' processes, where they are this machine's. */
  readonly owned?: OwnedWorkers | undefined;
}

export interface DistributorPort extends CollectorLinkPort {
  toWorker(connection: string, message: Message): void;
  /** The latest ACK data of a task. */
  ackData(task: string, data: Uint8Array): void;
  /**
   * An item is to blame for a worker's death, or for its standstill: the worker was lost while it held this item alone, or
   * is stuck in it for longer than its timeout.
   */
  blamed(workerId: string, seq: number): void;
  /** A task's items are all ACKed or failed. */
  completed(task: TaskLedger): void;
  /** The run is over, END confirmed or given up on. */
  over(status: RunStatus, error: Error | undefined): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

export type DistributorPhase =
  /** Sources are being initialised; workers that say hello wait for their welcome. */
  | { readonly kind: "preparing" }
  | { readonly kind: "running" }
  /** No new items; the ones in flight are waited for. */
  | { readonly kind: "stopping"; readonly until: number }
  | {
      readonly kind: "ending";
      readonly status: RunStatus;
      readonly error: Error | undefined;
      readonly until: number;
    }
  | { readonly kind: "over" };
