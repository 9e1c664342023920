import type { RunStatus } from "../protocol/batch-message.ts";

/** What a collector has received, returned by `run()`. */
export interface CollectorSummary {
  /** How the run ended. */
  readonly status: Exclude<RunStatus, "aborted">;
  /** Number of results that `handleCollection` got. */
  readonly collected: number;
  /** Number of failed items that `handleFailure` got. */
  readonly failed: number;
  /** Number of repeated deliveries, which were dropped. */
  readonly duplicates: number;
  /** Number of results that were refused, because their items do not exist: a worker has invented them. */
  readonly refused: number;
}
