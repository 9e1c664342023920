import type { CollectorSummary } from "../../collector/collector-summary.ts";
import type { RunSummary } from "../../distributor/run-summary.ts";
import type { ServiceSummary } from "../../service/service-summary.ts";
import type { Paint } from "../../terminal/colours.ts";
import { count, counted } from "../../terminal/quantities.ts";
import type { WorkerSummary } from "../../worker/worker-summary.ts";
import type { RoleCommandName } from "./run-options.ts";
import type { RunStatistics } from "./run-statistics.ts";
import { durationLines, failuresLines, statusText, summaryLines } from "./summary.ts";
import type { SummaryContext } from "./summary-context.ts";

/** Where a collector's failures are: it has no journal. */
export const IN_COLLECTOR = { journal: undefined, allFailures: "" } as const;

/** What is known at the end of a role, beside what its `run()` has returned. */
export interface RoleEnding {
  readonly context: SummaryContext;
  /** Whether a signal has ended the role. */
  readonly isInterrupted: boolean;
  /** What a collector has got; empty for other roles. */
  readonly statistics: RunStatistics;
}

/**
 * What a role has done, in words, a line each.
 *
 * @param outcome - What its `run()` has returned.
 */
export function outcomeLines(
  name: RoleCommandName,
  outcome: unknown,
  { context, isInterrupted, statistics }: RoleEnding,
  paint: Paint,
): string[] {
  if (name === "distributor") return summaryLines(outcome as RunSummary, statistics, context, paint);
  if (name === "worker") return [workersText(1, outcome as WorkerSummary)];
  if (name === "collector") return collectorLines(outcome as CollectorSummary, statistics, paint);
  if (name === "service") return [serviceText(outcome as ServiceSummary)];
  return [isInterrupted ? "metadata worker stopped" : "metadata delivered"];
}

/** What a number of workers have done. They may be a run's or a service's. */
export function workersText(
  workers: number,
  { executed, failed }: Pick<WorkerSummary, "executed" | "failed">,
): string {
  const who = workers === 1 ? "worker" : counted(workers, "worker");
  const wrong =
    failed === 0 ? "" : `, ${count(failed)} of them failed (an item that is executed again counts each time)`;
  return `${who} ended: ${counted(executed + failed, "execution")}${wrong}`;
}

/** What a service has done. Numbers of what went wrong are left out where they are 0. */
export function serviceText({ requests, replied, ...others }: ServiceSummary): string {
  const wrong = Object.entries(others).flatMap(([what, number]) =>
    number > 0 ? [`${count(number)} ${what}`] : [],
  );
  return `service ended: ${[counted(requests, "request"), `${count(replied)} replied`, ...wrong].join(", ")}`;
}

function failedText(failed: number, paint: Paint): string {
  const text = `${counted(failed, "item")} failed`;
  return failed > 0 ? paint("red", text) : text;
}

function collectorLines(
  { status, collected, failed, duplicates, refused }: CollectorSummary,
  statistics: RunStatistics,
  paint: Paint,
): string[] {
  const repeated = duplicates > 0 ? `, ${count(duplicates)} repeated and dropped` : "";
  const invented = refused > 0 ? `, ${count(refused)} of items that do not exist refused` : "";
  return [
    `collector ended, run ${statusText(status, paint)}: ${counted(collected, "result")} collected, ${failedText(failed, paint)}${repeated}${invented}`,
    ...durationLines(statistics),
    ...failuresLines(statistics.failures, IN_COLLECTOR, paint),
  ];
}
