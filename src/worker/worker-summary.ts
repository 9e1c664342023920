import type { PipelineError } from "../errors.ts";

/** What a worker has done when its run is over. */
export interface WorkerSummary {
  /** Executions that gave a result. */
  readonly executed: number;
  /** Executions that failed. */
  readonly failed: number;
  /** What the hooks at its end threw, `CLOSE_FAILED`; absent where nothing went wrong. No result is lost by it. */
  readonly closeErrors?: readonly PipelineError[];
}
