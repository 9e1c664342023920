import type { Handled } from "../core/distributor/handled.ts";

/** Gets the results of a collector in the same process. */
export interface ResultsHere {
  /** The collector has these results, and will handle them later: their workers have room again, and forget them. */
  taken(results: readonly Handled[]): void;
  /** The collector has handled these results: the journal gets them before anything else goes out. Their worker may be unknown. */
  handled(results: readonly Handled[]): void;
}
