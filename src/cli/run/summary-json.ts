import type { RunSummary } from "../../distributor/run-summary.ts";
import type { FailureGroup } from "./failure-groups.ts";
import type { RunStatistics } from "./run-statistics.ts";
import { goOnCommand } from "./stopped-text.ts";
import { failuresOf } from "./summary.ts";
import type { SummaryContext } from "./summary-context.ts";

/** The summary of a run for programs. */
export function summaryJson(
  summary: RunSummary,
  statistics: RunStatistics,
  { journal, args }: SummaryContext,
): object {
  const { runId, status, duration: ms, tasks, pace, unreliableWorkers, wasComplete, completedAt } = summary;
  return {
    runId,
    status,
    duration: ms,
    wasComplete: wasComplete === true,
    ...(completedAt === undefined ? {} : { completedAt: completedAt.toISOString() }),
    ...(status === "stopped" && journal !== undefined ? { goOn: goOnCommand(args) } : {}),
    tasks,
    pace,
    unreliableWorkers,
    ...statisticsJson(statistics, failuresOf(summary, statistics)),
  };
}

/** How long items took, and what failed, for programs. */
export function statisticsJson(
  { durations, slowest, failures: seen }: RunStatistics,
  failures: readonly FailureGroup[] = seen,
): object {
  return { durations: durations ?? null, slowest, failures: failures.map(failureJson) };
}

function failureJson({ samples, frames, isVaried: _isVaried, ...group }: FailureGroup): object {
  return {
    ...group,
    stack: frames.join("\n"),
    samples: samples.map(({ id, message, data, isCut }) => ({
      id,
      message,
      data: isCut ? data : JSON.parse(data),
    })),
  };
}
