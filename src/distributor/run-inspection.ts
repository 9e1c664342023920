import type { DistributorCore } from "../core/distributor/distributor-core.ts";
import type { RunStatus } from "../protocol/batch-message.ts";
import type { Inspect } from "../protocol/inspection-message.ts";
import type { RoleToInspector } from "../protocol/message.ts";
import { answerInspection } from "../role/inspection.ts";
import { Inspectors } from "../role/inspectors.ts";
import { explainRun, type RunReport, reportRun } from "./run-report.ts";
import type { RunProgress } from "./run-summary.ts";

/** What inspectors may see of a run. */
type InspectedRun = readonly [core: DistributorCore | undefined, runId: string, progress: RunProgress];

/** Answers inspectors beside the run: the answers wait for no journal, and change nothing. */
export class RunInspection {
  readonly #run: () => InspectedRun;
  readonly #startedAt = performance.now();
  readonly #inspectors = new Inspectors();

  constructor(run: () => InspectedRun) {
    this.#run = run;
  }

  asked(connection: string, message: Inspect, answer: (reply: RoleToInspector) => void): void {
    const [core, runId] = this.#run();
    if (core === undefined) return; // there is one before there are sockets
    const report = () => this.#report(core);
    const reply = () => answerInspection(runId, message, report, (...item) => explainRun(core, ...item));
    this.#inspectors.asked(connection, () => answer(reply()), answer);
  }

  disconnected(connection: string): void {
    this.#inspectors.disconnected(connection);
  }

  /** Tells the inspectors that the run is over. @param then - Called when they know. */
  end(status: RunStatus, error: Error | undefined, then: () => void): void {
    const [core, runId] = this.#run();
    if (core === undefined) return then();
    const outcome = { status, ...(error === undefined ? {} : { error: error.message }) };
    this.#inspectors.end(runId, () => ({ ...this.#report(core), outcome }), then);
  }

  #report(core: DistributorCore): RunReport {
    const [, runId, progress] = this.#run();
    return reportRun(core, runId, progress, this.#startedAt);
  }
}
