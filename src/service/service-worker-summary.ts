import type { PipelineError } from "../errors.ts";

/** What a service's worker has done when its run is over. */
export interface ServiceWorkerSummary {
  /** Requests that were answered. */
  readonly executed: number;
  /** Requests whose handler threw, or was given up. */
  readonly failed: number;
  /** What the hooks at its end threw, `CLOSE_FAILED`; absent where nothing went wrong. No reply is lost by it. */
  readonly closeErrors?: readonly PipelineError[];
}
