import type { Executor } from "../executor/executor.ts";
import type { WorkerHooks } from "../executor/worker-hooks.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { TaskType } from "../protocol/task-type.ts";
import type { WorkStage } from "../role/work-signal.ts";
import type { Security } from "../security/security.ts";

/** What a session needs to know about its worker. */
export interface WorkerHost {
  readonly workerId: string;
  /** Whether hooks and threads are initialised when the first item arrives, and not before. */
  readonly initsLate: boolean;
  readonly taskType: TaskType;
  readonly endpoint: EndpointAddress;
  readonly collectorEndpoint: EndpointAddress;
  readonly timeoutMs: number | undefined;
  readonly peerTimeoutMs: number;
  readonly security: Security | undefined;
  readonly executor: Executor;
  /** Whether the distributor runs in this process, too, and would be blocked with the worker. */
  readonly isHere: boolean;
  readonly hooks: WorkerHooks;
  /** Called when the first item begins and ends, and when the worker closes. */
  readonly onWork: ((stage: WorkStage) => void) | undefined;
}
