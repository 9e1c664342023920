import type { CollectorSummary } from "../../collector/collector-summary.ts";
import type { RunSummary } from "../../distributor/run-summary.ts";
import type { ServiceSummary } from "../../service/service-summary.ts";
import { count, counted } from "../../terminal/quantities.ts";
import type { WorkerSummary } from "../../worker/worker-summary.ts";
import type { RoleCommandName } from "./run-options.ts";
import { RunStatistics } from "./run-statistics.ts";
import { durationLines, failuresLines, type SummaryContext, summaryText } from "./summary.ts";

/**
 * What a role has done, in words.
 *
 * @param outcome - What its `run()` has returned.
 * @param isInterrupted - Whether a signal has ended the role.
 * @param statistics - What a collector has got.
 */
export function outcomeText(
  name: RoleCommandName,
  outcome: unknown,
  context: SummaryContext,
  isInterrupted: boolean,
  statistics = new RunStatistics(),
): string {
  if (name === "distributor") return summaryText(outcome as RunSummary, statistics, context);
  if (name === "worker") return workersText(1, outcome as WorkerSummary);
  if (name === "collector") return collectorText(outcome as CollectorSummary, statistics);
  if (name === "service") return serviceText(outcome as ServiceSummary);
  return isInterrupted ? "metadata worker stopped\n" : "metadata delivered\n";
}

/** What a number of workers have done. They may be a run's or a service's. */
export function workersText(
  workers: number,
  { executed, failed }: Pick<WorkerSummary, "executed" | "failed">,
): string {
  const who = workers === 1 ? "worker" : counted(workers, "worker");
  return `${who} ended: ${count(executed)} executed, ${count(failed)} failed\n`;
}

/** What a service has done. Numbers of what went wrong are left out where they are 0. */
export function serviceText({ requests, replied, ...others }: ServiceSummary): string {
  const wrong = Object.entries(others).flatMap(([what, number]) =>
    number > 0 ? [`${count(number)} ${what}`] : [],
  );
  return `service ended: ${[counted(requests, "request"), `${count(replied)} replied`, ...wrong].join(", ")}\n`;
}

function collectorText(
  { status, collected, failed, duplicates }: CollectorSummary,
  statistics: RunStatistics,
): string {
  const repeated = duplicates > 0 ? `, ${count(duplicates)} repeated and dropped` : "";
  const lines = [
    `collector ended, run ${status}: ${counted(collected, "result")} collected, ${counted(failed, "item")} failed${repeated}`,
    ...durationLines(statistics),
    ...failuresLines(statistics.failures, { journal: undefined, allFailures: "" }),
  ];
  return `${lines.join("\n")}\n`;
}
