import type { DistributorPhase } from "./distributor-port.ts";
import type { TaskLedger } from "./task-ledger.ts";

/** A distributor's state, for status reports and explanations: they read and change nothing. */
export interface RunView {
  readonly phase: DistributorPhase["kind"];
  /** Time of the role's clock, in ms. */
  readonly now: number;
  /** For how many ms the collector has been missing; undefined while it is connected. */
  readonly collectorMissingMs: number | undefined;
  /** Ready workers that a task waits for before its first item. */
  readonly minWorkers: number;
  readonly tasks: ReadonlyMap<string, TaskLedger>;
}
