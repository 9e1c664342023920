import type { Execution } from "../core/execution.ts";
import { itemId } from "../protocol/item-id.ts";
import type { TaskType } from "../protocol/task-type.ts";

type ExecutionName = Omit<Execution, "solo" | "payload">;

/** What a worker's handler is told about the item beside its data. */
export class ExecutionInfo {
  readonly taskType: TaskType;
  /** 1 for the first time the item is executed. A higher number: it may have run before, at least in part. */
  readonly attempt: number;
  readonly #execution: ExecutionName;
  /** Made when it is asked for: most handlers never do. */
  #controller: AbortController | undefined;
  #aborted: Error | undefined;

  /** Asks whether it was aborted meanwhile, where that need not have been told. */
  readonly #poll: (() => Error | undefined) | undefined;

  /** @internal */
  constructor(execution: ExecutionName, taskType: TaskType, poll?: () => Error | undefined) {
    this.#execution = execution;
    this.taskType = taskType;
    this.attempt = execution.attempt;
    this.#poll = poll;
  }

  /** The item's id: the same for each of its executions, and no other item's. A key for idempotent writes. */
  get id(): string {
    return itemId(this.#execution.sourceId, this.taskType.name, this.#execution.seq);
  }

  /** @internal */
  get context(): string {
    return this.#execution.context;
  }

  /**
   * Aborted when the item's timeout is over, or when nobody needs its result any more. In a thread of a
   * `MultiThreadedWorker`, a loop that never awaits sees it too, where it asks for `info.signal` anew each time.
   */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    this.#aborted ??= this.#poll?.();
    if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    return this.#controller.signal;
  }

  /** @internal */
  abort(reason: Error): void {
    this.#aborted ??= reason;
    this.#controller?.abort(reason);
  }
}
