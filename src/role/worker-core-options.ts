import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { TaskType } from "../protocol/task-type.ts";

/** What the session of a worker knows, of a run or of a service. */
interface WorkingHost {
  readonly workerId: string;
  readonly taskType: TaskType;
  readonly endpoint: EndpointAddress;
  readonly peerTimeoutMs: number;
  readonly executor: { readonly slots: number };
}

/** The options of a worker's core: those of a run and of a service have the same. */
export function workerCoreOptions({ workerId, taskType, endpoint, peerTimeoutMs, executor }: WorkingHost) {
  return {
    workerId,
    taskType: taskType.name,
    endpoint: endpoint.address,
    /** Programs say how many items they take at a time after they were started. */
    get concurrency() {
      return executor.slots;
    },
    peerTimeoutMs,
  };
}
