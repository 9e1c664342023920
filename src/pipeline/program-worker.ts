import { CommandExecutor } from "../executor/commands/command-executor.ts";
import { ExecExecutor } from "../executor/commands/exec-executor.ts";
import type { Executor } from "../executor/executor.ts";
import { EndpointAddress } from "../protocol/endpoint-address.ts";
import { TaskType } from "../protocol/task-type.ts";
import type { Members } from "../role/members.ts";
import { roleMembers } from "../role/role.ts";
import { Security } from "../security/security.ts";
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
    const { kind, ...program } = this.#program;
    const options = {
      ...program,
      taskType,
      isWrapped: this.#isWrapped,
      spans: "item" as const,
      closeTimeoutMs: this.closeTimeout,
    };
    return kind === "lines" ? new CommandExecutor(options) : new ExecExecutor(options);
  }
}
