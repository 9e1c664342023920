import type { PipelineError } from "../errors.ts";

/** What a worker has done, returned by `run()`. */
export interface WorkerSummary {
  /** Executions that gave a result. */
  readonly executed: number;
  /** Executions that failed. */
  readonly failed: number;
  /** The errors of hooks at the worker's end (`CLOSE_FAILED`). Absent when there are none. They cost no result. */
  readonly closeErrors?: readonly PipelineError[];
}
