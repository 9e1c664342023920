import type { RunStatus } from "../../protocol/batch-message.ts";
import type { DistributorToWorker } from "../../protocol/message.ts";
import type { WindowLimits } from "../window.ts";
import type { CollectorLinkPort } from "./collector-link.ts";
import type { OwnedWorkers } from "./owned-workers.ts";
import type { TaskLedger } from "./task-ledger.ts";
import type { TicketOptions } from "./tickets.ts";

/** What a run's distributor is set up with. */
export interface DistributorCoreOptions extends WindowLimits, TicketOptions {
  readonly peerId: string;
  /** A secret that the distributor sends on both links to the collector, so that no other peer can pose as the distributor. */
  readonly linkId: string;
  /** The run's trace context; empty: none. */
  readonly context: string;
  /** Losses that one item may cause before it is given up. */
  readonly crashLimit: number;
  /** Ready workers that a task waits for before its first item. */
  readonly minWorkers: number;
  /** Items that may fail for good before the run is given up. */
  readonly maxFailures: number;
  /** The addresses at which the collector listens, for errors. */
  readonly collectorAddresses?: readonly string[];
  /** Longest wait for a collector, or for a task's first worker, in ms. */
  readonly peerTimeoutMs: number;
  /** Longest wait for the workers and the collector to confirm END, in ms. */
  readonly endTimeoutMs: number;
  /** What is known of the worker processes, if this process started them. */
  readonly owned?: OwnedWorkers | undefined;
}

/** What the core tells its shell. */
export interface DistributorPort extends CollectorLinkPort {
  toWorker(connection: string, message: DistributorToWorker): void;
  /**
   * The collector's latest ACK data for a task.
   *
   * @param seq - The item to which they belong.
   */
  ackData(task: string, data: Uint8Array, seq: number): void;
  /**
   * A worker was lost while it held this item alone, or is stuck in the item for longer than the task's timeout.
   */
  blamed(workerId: string, seq: number): void;
  /** All items of a task are ACKed or failed for good. */
  completed(task: TaskLedger): void;
  /** The run is over: END was confirmed, or the wait for that has ended. */
  over(status: RunStatus, error: Error | undefined): void;
  /** A worker's connection has cost too much without being of use: it is not to be heard any more. */
  exceeded(connection: string): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

/** How far a run is. */
export type DistributorPhase =
  /** Tasks are being initialised; workers that say hello wait for their welcome. */
  | { readonly kind: "preparing" }
  | { readonly kind: "running" }
  /** Nothing more is produced; items in flight may finish before `until`. */
  | { readonly kind: "stopping"; readonly until: number }
  | {
      readonly kind: "ending";
      readonly status: RunStatus;
      readonly error: Error | undefined;
      readonly until: number;
    }
  | { readonly kind: "over" };
