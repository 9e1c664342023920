import { PipelineError } from "../errors.ts";
import type { TaskState } from "./task-state.ts";

/** The task that has had too few workers for too long, if there is one. */
export function lackOfWorkers(
  tasks: Iterable<TaskState>,
  now: number,
  peerTimeout: number,
): PipelineError | undefined {
  for (const task of tasks) {
    if (task.phase === "complete" || now - task.lonelySince < peerTimeout) continue;
    const who = task.begun ? "No worker" : "Too few workers";
    const message = `${who} of task ${JSON.stringify(task.name)} appeared within ${peerTimeout} ms`;
    return new PipelineError("PEER_TIMEOUT", message, { role: "distributor", taskType: task.name });
  }
  return undefined;
}

/** More items have failed for good than a run may have. */
export function tooManyFailures(tasks: Iterable<TaskState>, maxFailures: number): PipelineError | undefined {
  let failed = 0;
  for (const task of tasks) failed += task.counts.failed;
  if (failed <= maxFailures) return undefined;
  const message = `${failed} items failed for good, which is more than maxFailures ${maxFailures} allows`;
  return new PipelineError("TOO_MANY_FAILURES", message, { role: "distributor" });
}
