import type { Execution, ExecutionOutcome } from "../core/execution.ts";

/** Runs the user's handler on items, wherever that is. */
export interface Executor {
  /**
   * Executes one item. A synchronous handler's outcome comes back at once, without a promise. Never throws: what the handler
   * throws is the outcome.
   */
  execute(execution: Execution): ExecutionOutcome | Promise<ExecutionOutcome>;
  /** Aborts the `signal` of an execution under way. */
  abort(execution: Execution, reason: Error): void;
}
