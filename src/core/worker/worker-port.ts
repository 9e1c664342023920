import type { RunStatus, Welcome } from "../../protocol/batch-message.ts";
import type { WorkerToCollector, WorkerToDistributor } from "../../protocol/message.ts";
import type { Execution } from "../execution.ts";

export interface WorkerCoreOptions {
  readonly workerId: string;
  readonly taskType: string;
  readonly concurrency: number;
  /** Longest wait for the distributor, in ms. */
  readonly peerTimeout: number;
}

export interface WorkerPort {
  toDistributor(message: WorkerToDistributor): void;
  toCollector(message: WorkerToCollector): void;
  /** A run begins: initialise, then call `initialised`. */
  begin(welcome: Welcome): void;
  /** Nobody wants the result of this running execution any more. */
  abandon(execution: Execution): void;
  /** Items arrived: call `next`. */
  work(): void;
  over(status: RunStatus | undefined, error: Error | undefined): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

export type WorkerPhase =
  /** No run is known yet. */
  | { readonly kind: "waiting" }
  | { readonly kind: "initialising"; readonly runId: string }
  | { readonly kind: "working"; readonly runId: string }
  /** Finishes what runs, takes nothing more. */
  | { readonly kind: "leaving"; readonly runId: string }
  | { readonly kind: "over" };
