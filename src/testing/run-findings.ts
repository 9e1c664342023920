import type { TaskLedger } from "../core/distributor/task-ledger.ts";
import { PipelineError } from "../errors.ts";
import type { Finding } from "./pipeline-verdict.ts";

/** A run that has not ended in time. */
export function openRunFinding(
  tasks: Iterable<Pick<TaskLedger, "name" | "phase" | "counts" | "items">>,
  timeLimitMs: number,
): Finding {
  const texts = [...tasks].map(
    ({ name, phase, counts, items }) =>
      `task ${JSON.stringify(name)} is ${phase}, has given ${counts.items} items, and ${items.size} of them are not settled`,
  );
  const message = `The run has not ended within ${timeLimitMs} ms of virtual time (timeLimit): ${texts.join("; ")}`;
  return { kind: "endless", message };
}

/** A run that has ended with an error. */
export function runErrorFinding(error: Error): Finding {
  const isMismatch = error instanceof PipelineError && error.code === "JOURNAL_MISMATCH";
  const { taskType } = error as Partial<PipelineError>;
  const message = isMismatch
    ? `The distributor was started again from its journal, and a task gave other items than before: ${error.message}`
    : `The run ended with an error: ${error.message}`;
  const handler = taskType === undefined ? {} : { handler: `task ${taskType}`, taskType };
  return { kind: isMismatch ? "source" : "run", message, ...handler, error };
}
