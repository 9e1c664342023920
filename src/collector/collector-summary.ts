import type { RunStatus } from "../protocol/batch-message.ts";

/** What a collector has seen when its run is over. */
export interface CollectorSummary {
  /** How the run ended. */
  readonly status: Exclude<RunStatus, "aborted">;
  /** Results that `handleCollection` got. */
  readonly collected: number;
  /** Items that `handleFailure` got. */
  readonly failed: number;
  /** Results that were delivered again, recognised and dropped. */
  readonly duplicates: number;
}
