import type { ExecutionInfo } from "../executor/execution-info.ts";
import type { Executor } from "../executor/executor.ts";
import { InlineExecutor } from "../executor/inline-executor.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { TaskType } from "../protocol/task-type.ts";
import type { Awaitable, Maybe } from "../role/awaitable.ts";
import { assertCount } from "../role/checks.ts";
import { assertNoArguments, type Members } from "../role/members.ts";
import { roleMembers } from "../role/role.ts";
import { adoptStaticFields } from "../role/static-fields.ts";
import { atCaller } from "../self/at-caller.ts";
import { createExecutor, WORKER_FIELDS, WORKER_METHODS, Worker } from "./worker.ts";

/**
 * Executes items on the event loop of its process: one at a time, or several at a time with an async handler and `concurrency`.
 *
 * @typeParam Item - What the task's `handle()` or `items()` produces.
 * @typeParam Result - What the handler returns, and the collector gets.
 * @typeParam Metadata - The metadata that a `MetaDataWorker` provides.
 *
 * @example
 * ```ts
 * class MyWorker extends SingleThreadedWorker<{ n: number }, { square: number }> {
 *   readonly taskType = SQUARE;
 *   readonly endpoint = WORKER;
 *   readonly collectorEndpoint = COLLECTOR;
 *   handleExecution({ n }: { n: number }) {
 *     return { square: n * n };
 *   }
 * }
 * if (isMain(import.meta)) await new MyWorker().run();
 * ```
 */
export abstract class SingleThreadedWorker<
  Item = Payload,
  Result = Payload,
  Metadata extends object = Payload,
> extends Worker<Metadata> {
  /**
   * Number of items that are executed at a time when the handler is async.
   * @default 1
   */
  declare readonly concurrency: number;

  static {
    // On the prototype: a class that sets it, to whatever value, has chosen.
    Object.defineProperty(SingleThreadedWorker.prototype, "concurrency", { value: 1, writable: true });
  }

  /** Takes the static fields of the class as fields of the instance. */
  constructor();
  constructor(...given: readonly unknown[]) {
    super();
    atCaller(SingleThreadedWorker, () => assertNoArguments(this, given));
    adoptStaticFields(this, this[roleMembers]());
  }

  /**
   * Does the work. It is called at least once for each item: when a worker is lost, other workers repeat the items whose results it had
   * not delivered.
   *
   * @param data - The item, as its task produced it.
   * @param info - The item's task type, id and attempt, and a signal that is aborted when the item's timeout is over.
   * @returns The result for the collector. Returning nothing means `{}`.
   * @throws Any error: the item is retried as the task's `retry` says, unless the error has `retryable: false`. After the last attempt
   *   the item goes to the collector's `handleFailure`.
   */
  abstract handleExecution(data: Item, info: ExecutionInfo): Awaitable<Maybe<Result>>;

  /** @internal */
  override [roleMembers](): Members {
    return {
      base: SingleThreadedWorker.prototype,
      methods: ["handleExecution", ...WORKER_METHODS],
      fields: [...WORKER_FIELDS, "concurrency"],
      refused: { nThreads: "it executes items on the event loop; a MultiThreadedWorker has threads" },
    };
  }

  /** @internal */
  [createExecutor](taskType: TaskType): Executor {
    assertCount(`${this.constructor.name}.concurrency`, this.concurrency, 1, 10_000);
    const handler = (data: unknown, info: ExecutionInfo) => this.handleExecution(data as Item, info);
    const isAdvised = !Object.hasOwn(this, "concurrency");
    return new InlineExecutor(handler, taskType, this.concurrency, "item", isAdvised);
  }
}
