import { executionsOf } from "./reliability.ts";
import type { TaskLedger } from "./task-ledger.ts";

/** A worker that was unreliable in a run, whether it is still there or not. */
export interface UnreliableWorker {
  readonly id: string;
  readonly taskType: string;
  /** Executions on it that failed. */
  readonly failures: number;
  /** Executions on it in all. */
  readonly executions: number;
  /** How many times as often as on the other workers items failed on it that succeeded elsewhere; at least this. */
  readonly ratio: number;
}

/** The workers of a task that are, or were, unreliable. */
export function unreliableOf(task: TaskLedger): UnreliableWorker[] {
  return [...task.unreliable].map((worker) => ({
    id: worker.id,
    taskType: task.name,
    failures: worker.reliability.failures,
    executions: executionsOf(worker),
    ratio: Math.round(worker.reliability.ratio),
  }));
}
