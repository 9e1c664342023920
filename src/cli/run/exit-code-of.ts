import type { RunSummary } from "../../distributor/run-summary.ts";
import { EXIT } from "../output.ts";

/** The exit code for the outcome of a role's `run()`: a distributor's summary says whether items have failed. */
export function exitCodeOf(outcome: unknown): number {
  if (typeof outcome !== "object" || outcome === null || !("tasks" in outcome)) return EXIT.ok;
  const { tasks } = outcome as RunSummary;
  return Object.values(tasks).some(({ failed }) => failed > 0) ? EXIT.failures : EXIT.ok;
}
