import type { TaskLedger } from "../core/distributor/task-ledger.ts";
import { unreliableOf } from "../core/distributor/unreliable-worker.ts";
import type { OpenJournal } from "../journal/open-journal.ts";
import type { RunPace } from "./run-pace.ts";
import type { RunSummary } from "./run-summary.ts";

/** What became of a run. */
export function summaryOf(
  run: Pick<RunSummary, "runId" | "status" | "duration">,
  tasks: readonly TaskLedger[],
  pace: RunPace,
  { isComplete = false, completedAt }: Partial<OpenJournal> = {},
): RunSummary {
  const now = performance.now();
  return {
    ...run,
    tasks: Object.fromEntries(tasks.map((task) => [task.name, { ...task.counts }])),
    pace: Object.fromEntries(tasks.map((task) => [task.name, pace.of(task, now)])),
    unreliableWorkers: tasks.flatMap(unreliableOf),
    ...(isComplete ? ({ wasComplete: true, completedAt } as const) : {}),
  };
}
