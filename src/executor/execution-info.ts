import type { Execution } from "../core/execution.ts";
import { generationOf } from "../protocol/generation.ts";
import { itemId } from "../protocol/item-id.ts";
import type { TaskType } from "../protocol/task-type.ts";

type ExecutionName = Omit<Execution, "solo" | "payload">;

/** What a worker's handler gets about the item beside its data. */
export class ExecutionInfo {
  readonly taskType: TaskType;
  /** 1 for the item's first execution. With a higher number, the item may have been executed before, at least in part. */
  readonly attempt: number;
  readonly #execution: ExecutionName;
  /** Made when `signal` is read for the first time: most handlers never read it. */
  #controller: AbortController | undefined;
  #aborted: Error | undefined;

  /** Returns the reason if the execution was aborted meanwhile. Absent where `abort()` is always called. */
  readonly #poll: (() => Error | undefined) | undefined;

  /** @internal */
  constructor(execution: ExecutionName, taskType: TaskType, poll?: () => Error | undefined) {
    this.#execution = execution;
    this.taskType = taskType;
    this.attempt = execution.attempt;
    this.#poll = poll;
  }

  /** The item's id, for use as a key of idempotent writes: unique, and the same for each execution of the item, also in later generations. */
  get id(): string {
    return itemId(this.#execution.sourceId, this.taskType.name, this.#execution.seq);
  }

  /** How often the item had failed for good before: 0, unless `retryFailed` had it executed again. Always 0 for requests of services. */
  get generation(): number {
    return generationOf(this.#execution.seq);
  }

  /** @internal */
  get context(): string {
    return this.#execution.context;
  }

  /**
   * Aborted when the item's timeout is over, or when its result is not needed any more. In a thread of a `MultiThreadedWorker`, a loop
   * that never awaits sees the abort, too, if it reads `info.signal` anew each time.
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
