import type { Execution } from "../core/execution.ts";
import { itemId } from "../protocol/item-id.ts";
import type { TaskType } from "../protocol/task-type.ts";

/** What a worker's handler is told about the item beside its data. */
export class ExecutionInfo {
  readonly taskType: TaskType;
  /** 1 for the first time the item is executed. A higher number: it may have run before, at least in part. */
  readonly attempt: number;
  readonly #execution: Execution;
  /** Made when it is asked for: most handlers never do. */
  #controller: AbortController | undefined;
  #aborted: Error | undefined;

  constructor(execution: Execution, taskType: TaskType) {
    this.#execution = execution;
    this.taskType = taskType;
    this.attempt = execution.attempt;
  }

  /** The item's id: the same for each of its executions, and no other item's. A key for idempotent writes. */
  get id(): string {
    return itemId(this.#execution.runId, this.taskType.name, this.#execution.seq);
  }

  /** Aborted when the item's timeout is over, or when nobody needs its result any more. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    return this.#controller.signal;
  }

  /** @internal */
  abort(reason: Error): void {
    this.#aborted = reason;
    this.#controller?.abort(reason);
  }
}
