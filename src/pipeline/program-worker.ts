import { CommandExecutor, type CommandExecutorOptions } from "../executor/commands/command-executor.ts";
import { ExecExecutor } from "../executor/commands/exec-executor.ts";
import type { Executor } from "../executor/executor.ts";
import { EndpointAddress } from "../protocol/endpoint-address.ts";
import { TaskType } from "../protocol/task-type.ts";
import type { Members } from "../role/members.ts";
import { roleMembers } from "../role/role.ts";
import { Security } from "../security/security.ts";
import { createServiceExecutor, ServiceWorker } from "../service/service-worker.ts";
import { createExecutor, WORKER_FIELDS, WORKER_METHODS, Worker } from "../worker/worker.ts";
import type { ProgramStart, WorkerStart } from "./process-messages.ts";

/** A worker whose items are executed by programs. */
export class ProgramWorker extends Worker {
  readonly taskType: TaskType;
  readonly endpoint: EndpointAddress;
  readonly collectorEndpoint: EndpointAddress;
  override readonly security: Security | undefined;
  readonly #program: ProgramStart;
  readonly #isWrapped: boolean;

  constructor(start: WorkerStart, program: ProgramStart) {
    super();
    const { taskType = "", endpoint = "", collectorEndpoint = "", keys, isWrapped } = start;
    this.taskType = TaskType.register(taskType);
    this.endpoint = new EndpointAddress(endpoint);
    this.collectorEndpoint = new EndpointAddress(collectorEndpoint);
    this.security = keys === undefined ? undefined : Security.load(keys);
    this.#program = program;
    this.#isWrapped = isWrapped;
  }

  /** @internal */
  override [roleMembers](): Members {
    return {
      base: ProgramWorker.prototype,
      methods: [...WORKER_METHODS],
      fields: [...WORKER_FIELDS],
      refused: {},
    };
  }

  /** @internal */
  [createExecutor](taskType: TaskType): Executor {
    return executorOf(this.#program, {
      taskType,
      isWrapped: this.#isWrapped,
      spans: "item",
      closeTimeoutMs: this.closeTimeout,
    });
  }
}

/** A worker whose requests, of a pool or of any service, are answered by programs. */
export class ProgramServiceWorker extends ServiceWorker<unknown, unknown> {
  override readonly taskType: TaskType;
  readonly endpoint: EndpointAddress;
  override readonly timeout: number;
  override readonly security: Security | undefined;
  readonly #program: ProgramStart;
  readonly #isWrapped: boolean;

  constructor(start: WorkerStart, program: ProgramStart) {
    super();
    const { taskType = "", endpoint = "", keys, pool, isWrapped } = start;
    this.taskType = TaskType.register(isWrapped ? "" : taskType); // the requests of a pool have the blank type
    this.endpoint = new EndpointAddress(endpoint);
    this.timeout = pool?.timeoutMs ?? Number.POSITIVE_INFINITY;
    this.security = keys === undefined ? undefined : Security.load(keys);
    this.#program = program;
    this.#isWrapped = isWrapped;
  }

  /** Never called, because the executor gives requests to the programs. */
  handleMessage(): undefined {}

  /** @internal */
  override [createServiceExecutor](taskType: TaskType): Executor {
    return executorOf(this.#program, {
      taskType,
      isWrapped: this.#isWrapped,
      spans: "reply",
      closeTimeoutMs: this.closeTimeout,
    });
  }
}

function executorOf(
  { kind, ...program }: ProgramStart,
  options: Pick<CommandExecutorOptions, "taskType" | "isWrapped" | "spans" | "closeTimeoutMs">,
): Executor {
  const all = { ...program, ...options };
  return kind === "lines" ? new CommandExecutor(all) : new ExecExecutor(all);
}
