import type { Hello } from "../../protocol/batch-message.ts";
import type { TaskLedger } from "./task-ledger.ts";
import type { WorkerRecord } from "./worker-record.ts";

/**
 * Finds the task of a peer that says hello.
 *
 * @param tasks - All tasks by name.
 * @param known - The worker that has the peer's id already.
 * @returns The task, or why the peer is refused.
 */
export function taskOfHello(
  { role, peerId, taskType }: Hello,
  tasks: ReadonlyMap<string, TaskLedger>,
  known: WorkerRecord | undefined,
): TaskLedger | string {
  if (role !== "worker") return `workers connect here, and this peer says that it is a ${role}`;
  if (peerId === "") return "a worker needs an id of its own";
  const task = tasks.get(taskType);
  if (task === undefined) return `no task ${JSON.stringify(taskType)} is registered with the distributor`;
  if (known === undefined || known.task === task) return task;
  return `a worker of task ${JSON.stringify(known.task.name)} has the same id: each worker needs an id of its own`;
}
