import type { PipelineError } from "../errors.ts";

/** What a service worker has done when its run is over. */
export interface ServiceWorkerSummary {
  /** Requests that were answered. */
  readonly executed: number;
  /** Requests whose handler threw, did not end in time, or died with its thread. */
  readonly failed: number;
  /** The errors of the hooks at the end, with code `CLOSE_FAILED`; absent where there are none. No reply is lost by them. */
  readonly closeErrors?: readonly PipelineError[];
}
