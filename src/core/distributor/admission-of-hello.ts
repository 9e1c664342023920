import type { Hello } from "../../protocol/batch-message.ts";
import type { TaskLedger } from "./task-ledger.ts";
import type { WorkerRecord } from "./worker-record.ts";

export type Admission =
  | { readonly kind: "admitted"; readonly task: TaskLedger; readonly isKnown: boolean }
  | { readonly kind: "refused"; readonly reason: string }
  /**
   * The peer says the id of another worker and does not show its ticket. It gets no answer: it may be that worker, whose last connection
   * ended before the ticket arrived, and which counts as new as soon as that worker is forgotten.
   */
  | { readonly kind: "impostor" };

interface Workers {
  /** The worker that has the peer's id already. */
  readonly known: WorkerRecord | undefined;
  /** The worker that has said hello on the peer's connection already. */
  readonly present: WorkerRecord | undefined;
  /** Whether the peer has shown that it is the known worker. */
  readonly isProven: boolean;
}

/**
 * Whether a peer that says hello may be a worker, and of which task.
 *
 * @param tasks - All tasks by name.
 */
export function admissionOf(
  { role, peerId, taskType }: Hello,
  { known, present, isProven }: Workers,
  tasks: ReadonlyMap<string, TaskLedger>,
): Admission {
  if (!isProven) return { kind: "impostor" };
  const refused = (reason: string): Admission => ({ kind: "refused", reason });
  if (present !== undefined && present.id !== peerId) {
    const id = JSON.stringify(present.id);
    return refused(`worker ${id} has said hello on this connection, and a connection has one worker`);
  }
  if (role !== "worker") return refused(`workers connect here, and this peer says that it is a ${role}`);
  if (peerId === "") return refused("a worker needs an id of its own");
  const task = tasks.get(taskType);
  if (task === undefined)
    return refused(`no task ${JSON.stringify(taskType)} is registered with the distributor`);
  if (known !== undefined && known.task !== task) {
    const name = JSON.stringify(known.task.name);
    return refused(`a worker of task ${name} has the same id: each worker needs an id of its own`);
  }
  return { kind: "admitted", task, isKnown: known !== undefined };
}
