import type { WorkerRecord } from "./worker-record.ts";

/** How much longer than the task's timeout a worker may send nothing, in ms: the timeout's own grace and a ping or two. */
const SILENCE_GRACE_MS = 4000;

/** Whether a worker that has items has sent nothing for longer than one of them may take. */
export function isHung({ task, held, phase: { kind }, lastHeard }: WorkerRecord, now: number): boolean {
  const { timeoutMs } = task.spec;
  if (timeoutMs === 0 || held === 0) return false;
  if (kind !== "ready" && kind !== "leaving" && kind !== "blocked") return false;
  return now - lastHeard > timeoutMs + SILENCE_GRACE_MS;
}
