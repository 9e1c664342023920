import type { RunSummary } from "./run-summary.ts";

/** The summary of a run that was stopped before it began. */
export function emptySummary(runId: string, taskTypes: readonly string[]): RunSummary {
  const counts = { items: 0, acked: 0, failed: 0, retried: 0, skipped: 0 };
  const unknown = { expected: undefined, rate: undefined, timeLeft: undefined, stalled: undefined };
  const pace = { earlier: { acked: 0, failed: 0, retried: 0 }, duration: 0, ...unknown };
  const each = <T>(value: T) => Object.fromEntries(taskTypes.map((name) => [name, value]));
  return {
    runId,
    status: "stopped",
    duration: 0,
    tasks: each(counts),
    pace: each(pace),
    unreliableWorkers: [],
  };
}
