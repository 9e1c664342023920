import type { ResolvedTest } from "./check-options.ts";
import type { ExecutionExaminer } from "./execution-examiner.ts";
import type { FaultRates } from "./fault-rates.ts";
import type { Findings } from "./findings.ts";
import type { Interruptions } from "./interruptions.ts";
import type { LateChanges } from "./late-changes.ts";
import type { Snapshots } from "./snapshots.ts";
import type { WorkerUnderTest } from "./worker-under-test.ts";

/** What one run of the user's pipeline in the simulator has. */
export interface PipelineWorldSetting {
  readonly options: ResolvedTest & { readonly timeLimit: number };
  readonly seed: number;
  readonly faults: FaultRates;
  readonly workers: ReadonlyMap<string, WorkerUnderTest>;
  readonly findings: Findings;
  readonly snapshots: Snapshots;
  readonly examiner: ExecutionExaminer;
  /** Given where the calls are watched. */
  readonly late: LateChanges | undefined;
  /** Given where awaits are watched. */
  readonly interruptions: Interruptions | undefined;
  /** Kills collectors before their ACKs leave: all that they have handled comes again. */
  readonly losesAcks: boolean;
  /** The only overlap that happens, of those that are drawn; undefined: all. */
  readonly onlyOverlap: number | undefined;
}
