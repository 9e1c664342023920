import { DEFAULT_CLOSE_TIMEOUT } from "../executor/close-hook.ts";
import type { Executor } from "../executor/executor.ts";
import { WorkerHooks } from "../executor/worker-hooks.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { TaskType } from "../protocol/task-type.ts";
import type { Awaitable } from "../role/awaitable.ts";
import { assertBoolean, assertOwnEndpoint, assertTimeout, toTaskType } from "../role/checks.ts";
import { assertSecurity } from "../role/network.ts";
import { assertIdPrefix, WorkerIdentity } from "../role/peer-identity.ts";
import { DEFAULT_PEER_TIMEOUT, emptyOutcome, openSession, Role } from "../role/role.ts";
import { onWork, type WorkSignal, type WorkStage } from "../role/work-signal.ts";
import type { Security } from "../security/security.ts";
import { isHere } from "../self/nesting.ts";
import type { WorkerHost } from "./worker-host.ts";
import { WorkerSession } from "./worker-session.ts";
import type { WorkerSummary } from "./worker-summary.ts";

/** The method by which each kind of worker makes its executor. */
export const createExecutor: unique symbol = Symbol("createExecutor");

/** The method by which an instance in a thread gets the worker's id. */
export const adoptId: unique symbol = Symbol("adoptId");

/** The methods and fields that all workers have. */
export const WORKER_METHODS = ["initWorker", "closeWorker"] as const;
export const WORKER_FIELDS = [
  "taskType",
  "endpoint",
  "collectorEndpoint",
  "timeout",
  "peerTimeout",
  "closeTimeout",
  "security",
  "idPrefix",
  "initAfterDependencies",
  "workerId",
  "metadata",
] as const;

/** Fields of a worker that its class has as fields of the instance, or as static ones. */
declare abstract class WorkerFields {
  /** The task type of the items that it executes, or its name. In a `Pipeline` with one task, it may be left out. */
  abstract readonly taskType: TaskType | string;
  /** The endpoint of the task at the distributor. A `Pipeline` has endpoints of its own: leave it out there. */
  abstract readonly endpoint: EndpointAddress;
  /** The collector's `endpoint`. */
  abstract readonly collectorEndpoint: EndpointAddress;
}

/**
 * The base of all workers. Extend `SingleThreadedWorker` or `MultiThreadedWorker` instead. All fields may be static fields of the class
 * instead.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: run() reports fields that are missing
export abstract class Worker<Metadata extends object = Payload>
  extends Role<WorkerSummary>
  implements WorkSignal
{
  /**
   * Longest execution of one item, in ms.
   * @default the task's `timeout`
   */
  readonly timeout?: number;
  /**
   * Longest wait for the distributor, at the start and whenever the connection is lost, in ms. `Infinity` waits for ever.
   * @default 60000
   */
  readonly peerTimeout: number = DEFAULT_PEER_TIMEOUT;
  /**
   * How long each hook at the end may take, in ms. After that the worker ends without waiting for the hook.
   * @default 5000
   */
  readonly closeTimeout: number = DEFAULT_CLOSE_TIMEOUT;
  /**
   * Keys of this role and its peers. With keys, `tcp` links are encrypted, and the worker talks only to peers that have the right keys.
   * @default none
   */
  readonly security?: Security | undefined;
  /**
   * The beginning of the worker's id, for logs and `zmqpipeline top`: up to 64 letters, digits, and `- _ . : @`.
   * @default "": the id begins with the host's name
   */
  readonly idPrefix: string = "";
  /**
   * Whether `initWorker()`, and `initThread()` in threads, wait until the task's dependencies are complete: they are called when the first
   * item arrives, and may read what the other tasks have made.
   * @default false: they are called after the first contact with the distributor
   */
  readonly initAfterDependencies: boolean = false;
  readonly #identity = new WorkerIdentity();
  /** The metadata of the `MetaDataWorker`; `{}` without one. Set before `initWorker()` is called. */
  metadata: Metadata = {} as Metadata;
  /** @internal */
  [onWork]?: (stage: WorkStage) => void;

  /**
   * The worker's id: what the collector's `info.worker`, logs and `zmqpipeline top` say. No other worker has it, and each run has another. In
   * threads, it is that of their worker.
   */
  get workerId(): string {
    return this.#identity.get(this.idPrefix);
  }

  /**
   * Called once, after the first contact with the distributor and before the first item; with `initAfterDependencies`, not before the
   * task's dependencies are complete.
   */
  initWorker(): Awaitable<void> {}

  /**
   * Called once when the worker ends and no handler runs any more, if `initWorker()` was called and did not throw: at the end of the
   * run, after `stop()`, and when the run failed. Write pending data and close connections here. It may take `closeTimeout` ms. An error
   * that it throws is logged and stands in the summary's `closeErrors`. It is not called when the process is killed.
   */
  closeWorker(): Awaitable<void> {}

  /** @throws TypeError or RangeError when a field of the worker is wrong. */
  abstract [createExecutor](taskType: TaskType): Executor;

  /** @internal */
  [openSession](): WorkerSession {
    const taskType = this.#validate();
    const host: WorkerHost = {
      workerId: this.#identity.begin(this.idPrefix),
      initsLate: this.initAfterDependencies,
      taskType,
      endpoint: this.endpoint,
      collectorEndpoint: this.collectorEndpoint,
      timeoutMs: this.timeout,
      peerTimeoutMs: this.peerTimeout,
      security: this.security,
      executor: this[createExecutor](taskType),
      isHere: isHere(this),
      hooks: new WorkerHooks({
        init: async (metadata) => {
          this.metadata = metadata as Metadata;
          await this.initWorker();
        },
        close: () => this.closeWorker(),
        closeTimeoutMs: this.closeTimeout,
        facts: { role: "worker", taskType: taskType.name },
      }),
      onWork: this[onWork],
    };
    return new WorkerSession(host);
  }

  /** @internal Takes the id of the worker for which this thread works. */
  [adoptId](workerId: string): void {
    this.#identity.adopt(workerId);
  }

  /** @internal */
  [emptyOutcome](): WorkerSummary {
    return { executed: 0, failed: 0 };
  }

  /** @returns The task type. */
  #validate(): TaskType {
    const name = this.constructor.name;
    const taskType = toTaskType(`${name}.taskType`, this.taskType);
    assertOwnEndpoint(`${name}.endpoint`, this.endpoint);
    assertOwnEndpoint(`${name}.collectorEndpoint`, this.collectorEndpoint);
    if (this.timeout !== undefined) assertTimeout(`${name}.timeout`, this.timeout);
    assertTimeout(`${name}.peerTimeout`, this.peerTimeout);
    assertTimeout(`${name}.closeTimeout`, this.closeTimeout);
    assertSecurity(`${name}.security`, this.security);
    assertIdPrefix(`${name}.idPrefix`, this.idPrefix);
    assertBoolean(`${name}.initAfterDependencies`, this.initAfterDependencies);
    return taskType;
  }
}

// An interface, because TypeScript asks for `override` where a class gives a value to a field of its base class.
// biome-ignore lint/correctness/noUnusedVariables: merged declarations have the same type parameters
export interface Worker<Metadata> extends Pick<WorkerFields, "taskType" | "endpoint" | "collectorEndpoint"> {}
