import type { CollectorSummary } from "../../collector/collector-summary.ts";
import type { RunSummary } from "../../distributor/run-summary.ts";
import type { ServiceSummary } from "../../service/service-summary.ts";
import type { WorkerSummary } from "../../worker/worker-summary.ts";
import type { RoleEnding } from "./outcome-text.ts";
import type { RoleCommandName } from "./run-options.ts";
import { statisticsJson, summaryJson } from "./summary-json.ts";

/**
 * What a role that was started alone has done, for programs.
 *
 * @param outcome - What its `run()` has returned.
 */
export function outcomeJson(name: RoleCommandName, outcome: unknown, ending: RoleEnding): object {
  const { context, isInterrupted, statistics } = ending;
  if (name === "distributor")
    return { role: name, ...summaryJson(outcome as RunSummary, statistics, context) };
  if (name === "collector")
    return { role: name, ...(outcome as CollectorSummary), ...statisticsJson(statistics) };
  if (name === "worker") return workersJson(1, outcome as WorkerSummary);
  if (name === "service") return { role: name, ...(outcome as ServiceSummary) };
  return { role: name, status: isInterrupted ? "stopped" : "delivered" };
}

/** What a number of workers have done, for programs. An error itself would show neither its message nor its code. */
export function workersJson(workers: number, { executed, failed, closeErrors = [] }: WorkerSummary): object {
  const errors = closeErrors.map(({ code, message }) => ({ code, message }));
  return { role: "worker", workers, executed, failed, closeErrors: errors };
}
