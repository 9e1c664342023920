import type { RunningItem } from "../core/distributor/oldest-item.ts";
import type { UnreliableWorker } from "../core/distributor/unreliable-worker.ts";
import type { RunStatus } from "../protocol/batch-message.ts";
import type { TaskPace } from "./task-pace.ts";

/** What became of one task. */
export interface TaskSummary {
  /** Items produced. */
  readonly items: number;
  /** Items whose result the collector has handled. */
  readonly acked: number;
  /** Items that failed for good; the collector's `handleFailure` got them. */
  readonly failed: number;
  /** Executions that were repeated, after a failure or because a worker was lost. */
  readonly retried: number;
  /** Items that were not executed, because an item with the same key was; always 0 for a task without `key()`. */
  readonly skipped: number;
}

export type { RunningItem, UnreliableWorker };

/** What became of a run. */
export interface RunSummary {
  readonly runId: string;
  /** `"complete"`: every item of every task is acked or failed. `"stopped"`: it was ended early. */
  readonly status: Exclude<RunStatus, "aborted">;
  /** Wall time in ms, from `run()` to the end. */
  readonly duration: number;
  /** By task type. */
  readonly tasks: Readonly<Record<string, TaskSummary>>;
  /** How fast each task went in this process, by task type: a run that was taken up from a journal has counts of earlier processes, too. */
  readonly pace: Readonly<Record<string, TaskPace>>;
  /** Present if the run's journal was complete already, so that nothing was left to execute. */
  readonly wasComplete?: true;
  /** With `wasComplete`: when the run became complete, which is when its journal was last written. */
  readonly completedAt?: Date | undefined;
  /** Workers on which far more items failed than on others that then succeeded there. */
  readonly unreliableWorkers: readonly UnreliableWorker[];
}

/** One task as it stands. */
export interface TaskProgress extends TaskSummary {
  /** Waiting for its dependencies; producing; all produced and in flight; done; ended early, by a stop or an error of the run. */
  readonly phase: "blocked" | "open" | "exhausted" | "complete" | "stopped";
  /** Items that there will be in all, if the task says so. */
  readonly total: number | undefined;
  /** Task types that must be complete before it begins, and are not. */
  readonly waitsFor: readonly string[];
  /** Items granted to a worker and not yet ACKed. */
  readonly inFlight: number;
  /** Workers known. */
  readonly workers: number;
  /** How fast it goes, and how long it will take. */
  readonly pace: TaskPace;
  /** The item that has been with its worker for the longest time. */
  readonly oldest: RunningItem | undefined;
}

/** A run as it stands. */
export interface RunProgress {
  readonly workers: number;
  /** By task type. */
  readonly tasks: Readonly<Record<string, TaskProgress>>;
}
