import type { DistributorPhase } from "./distributor-port.ts";
import type { TaskLedger } from "./task-ledger.ts";

/** A distributor's state as those see it who only look. */
export interface RunView {
  readonly phase: DistributorPhase["kind"];
  /** In ms of the role's clock. */
  readonly now: number;
  /** For so many ms the collector has not been there; undefined while it is. */
  readonly collectorMissing: number | undefined;
  /** Ready workers that a task waits for before its first item. */
  readonly minWorkers: number;
  readonly tasks: ReadonlyMap<string, TaskLedger>;
}
