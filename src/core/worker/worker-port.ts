import type { RunStatus, Welcome } from "../../protocol/batch-message.ts";
import type { WorkerToCollector, WorkerToDistributor } from "../../protocol/message.ts";
import type { Execution } from "../execution.ts";

export interface WorkerCoreOptions {
  readonly workerId: string;
  readonly taskType: string;
  /** The address at which the distributor listens, for errors. */
  readonly endpoint?: string;
  readonly concurrency: number;
  /** Longest wait for the distributor, in ms. */
  readonly peerTimeoutMs: number;
}

export interface WorkerPort {
  toDistributor(message: WorkerToDistributor): void;
  toCollector(message: WorkerToCollector): void;
  /** A run begins: the shell initialises its worker, then calls `initialised`. */
  begin(welcome: Welcome): void;
  /** The result of this running execution is not needed any more. */
  abandon(execution: Execution): void;
  /**
   * Takes up to `count` executions back that are counted as running and have not begun: they wait in the queue of a thread.
   *
   * @returns What was taken back. Nothing is reported of it any more.
   */
  takeBack(count: number): readonly Execution[];
  /** Items have arrived: the shell calls `next`. */
  work(): void;
  over(status: RunStatus | undefined, error: Error | undefined): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

export type WorkerPhase =
  /** No run is known yet. */
  | { readonly kind: "waiting" }
  | { readonly kind: "initialising"; readonly runId: string }
  | { readonly kind: "working"; readonly runId: string }
  /** Finishes what is running and takes no more items. */
  | { readonly kind: "leaving"; readonly runId: string }
  | { readonly kind: "over" };
