import { availableParallelism } from "node:os";
import type { ResourceLimits } from "node:worker_threads";
import type { ExecutionInfo } from "../executor/execution-info.ts";
import type { Executor } from "../executor/executor.ts";
import type { Handler } from "../executor/handler.ts";
import {
  type HandlerInThread,
  moduleUrl,
  type OpenInThread,
  openInThread,
  threadSetup,
} from "../executor/threads/threaded-class.ts";
import { ThreadedExecutor } from "../executor/threads/threaded-executor.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import { isPlain, PayloadTypeError } from "../protocol/payload/payload-check.ts";
import type { TaskType } from "../protocol/task-type.ts";
import type { Awaitable, Maybe } from "../role/awaitable.ts";
import { assertBoolean, assertCount, toTaskType } from "../role/checks.ts";
import { assertNoArguments, type Members } from "../role/members.ts";
import { roleMembers } from "../role/role.ts";
import { adoptStaticFields } from "../role/static-fields.ts";
import { atCaller } from "../self/at-caller.ts";
import { depthOfThreads } from "../self/nesting.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";
import { adoptId, createExecutor, WORKER_FIELDS, WORKER_METHODS, Worker } from "./worker.ts";

/** Work in each thread's queue, in ms: the main thread may need that long to bring more. */
const QUEUE_MS = 40;

/**
 * Longest time that a result waits in its thread for others, in ms: each message costs both threads about 10 µs. Results that wait are stuck
 * while a long item runs behind them.
 */
const FLUSH_MS = 2;

/**
 * Executes items in worker threads: for handlers that compute. Each thread imports the file that exports the class and makes an instance
 * of it without arguments. `process.argv`, the environment and `this.metadata` are the same in each thread.
 *
 * @typeParam Item - What the task's `handle()` or `items()` produces.
 * @typeParam Result - What the handler returns, and the collector gets.
 * @typeParam Metadata - The metadata that a `MetaDataWorker` provides.
 * @typeParam ThreadItem - What `handleExecution` returns for the thread.
 *
 * @example
 * ```ts
 * export class Resizer extends MultiThreadedWorker<{ path: string }, { bytes: number }> {
 *   readonly module = import.meta.url;
 *   readonly nThreads = 4;
 *   readonly taskType = RESIZE;
 *   readonly endpoint = WORKER;
 *   readonly collectorEndpoint = COLLECTOR;
 *   handleThreadExecution({ path }: { path: string }) {
 *     return { bytes: resize(path) };
 *   }
 * }
 * if (isMain(import.meta)) await new Resizer().run();
 * ```
 */
export abstract class MultiThreadedWorker<
    Item = Payload,
    Result = Payload,
    Metadata extends object = Payload,
    ThreadItem = Item,
  >
  extends Worker<Metadata>
  implements OpenInThread
{
  /** The file that exports this class: `import.meta.url`. Each thread imports it. */
  abstract readonly module: string | URL;
  /**
   * Number of threads.
   * @default the number of cores
   */
  readonly nThreads: number = availableParallelism();
  /**
   * Number of items after which a thread is replaced by a fresh one: for code that leaks memory.
   * @default Infinity
   */
  readonly maxItemsPerThread: number = Number.POSITIVE_INFINITY;
  /**
   * Whether the collector gets what the thread returned merged over what `handleExecution` forwarded: `{ ...forwarded, ...returned }`.
   * @default false: the collector gets what the thread returned
   */
  readonly mergeResult: boolean = false;
  /**
   * Memory limits of each thread. A thread that exceeds one ends: its item fails, and the thread is replaced.
   * @default Node's defaults
   */
  readonly resourceLimits?: ResourceLimits;

  /** @internal */
  readonly [threadSetup]?: string;

  /** Takes the static fields of the class as fields of the instance. */
  constructor();
  constructor(...given: readonly unknown[]) {
    super();
    atCaller(MultiThreadedWorker, () => assertNoArguments(this, given));
    adoptStaticFields(this, this[roleMembers]());
  }

  /**
   * Called in the main thread before an item goes to a thread. It may read or change the item, or throw to make it fail.
   *
   * @param data - The item, as its task produced it.
   * @returns What the thread gets. Returning nothing means `data`, with any changes made to it.
   */
  handleExecution(data: Item, _info: ExecutionInfo): Awaitable<Maybe<ThreadItem>> {
    return data as unknown as ThreadItem;
  }

  /**
   * Called once in each thread, before its first item; `this.metadata` is set.
   *
   * @param _index - The thread's number, from 0. A thread that replaces another has the same index.
   */
  initThread(_index: number): Awaitable<void> {}

  /**
   * Called once in each thread when the thread ends, before `closeWorker()` in the main thread, if `initThread()` was called and did not
   * throw. It may take `closeTimeout` ms. An error that it throws is logged and stands in the summary's `closeErrors`. It is not called in
   * a thread that is terminated because its handler does not end.
   *
   * @param _index - The same index that `initThread()` got.
   */
  closeThread(_index: number): Awaitable<void> {}

  /**
   * Does the work, in a thread. It is called at least once for each item.
   *
   * @param data - What `handleExecution` returned; the item itself by default.
   * @param index - The thread's index.
   * @param info - The item's id and attempt, and a signal that is aborted when the item's timeout is over. If the handler does not end
   *   within a second after that, its thread is terminated.
   * @returns The result for the collector. Returning nothing means `{}`.
   * @throws Any error: the item is retried as the task's `retry` says, unless the error has `retryable: false`.
   */
  abstract handleThreadExecution(
    data: ThreadItem,
    index: number,
    info: ExecutionInfo,
  ): Awaitable<Maybe<Result>>;

  /** @internal */
  override [roleMembers](): Members {
    return {
      base: MultiThreadedWorker.prototype,
      methods: ["handleThreadExecution", "handleExecution", "initThread", "closeThread", ...WORKER_METHODS],
      fields: [...WORKER_FIELDS, "module", "nThreads", "maxItemsPerThread", "mergeResult", "resourceLimits"],
      refused: {
        concurrency: "each of its threads executes one item at a time; nThreads says how many threads",
      },
    };
  }

  /** @internal */
  async [openInThread](
    index: number,
    metadata: Payload,
    isFirst: boolean,
    workerId: string,
  ): Promise<HandlerInThread> {
    this[adoptId](workerId);
    this.metadata = metadata as Metadata;
    if (isFirst) await this.initThread(index);
    return {
      handler: this.#handlerOf(index),
      taskType: toTaskType(`${this.constructor.name}.taskType`, this.taskType),
      spans: "item",
      close: () => this.closeThread(index),
      closeTimeoutMs: this.closeTimeout,
    };
  }

  /** @internal */
  [createExecutor](taskType: TaskType): Executor {
    const { name } = this.constructor;
    assertCount(`${name}.nThreads`, this.nThreads, 1, 1024);
    assertBoolean(`${name}.mergeResult`, this.mergeResult);
    assertCount(`${name}.maxItemsPerThread`, this.maxItemsPerThread, 1);
    return new ThreadedExecutor({
      taskType,
      threads: this.nThreads,
      module: moduleUrl(name, this.module),
      className: name,
      workerId: this.workerId,
      queueMs: QUEUE_MS,
      flushMs: FLUSH_MS,
      maxItemsPerThread: this.maxItemsPerThread,
      resourceLimits: this.resourceLimits,
      setup: this[threadSetup],
      forward: this.#forward(),
      closeTimeoutMs: this.closeTimeout,
      depth: depthOfThreads(this),
      facts: { role: "worker", taskType: taskType.name },
    });
  }

  #handlerOf(index: number): Handler {
    const handle: Handler = (data, info) => this.handleThreadExecution(data as ThreadItem, index, info);
    if (!this.mergeResult) return handle;
    return (data, info) => {
      const returned = handle(data, info);
      if (!isPromiseLike(returned)) return mergedResult(data, returned);
      return Promise.resolve(returned).then((result) => mergedResult(data, result));
    };
  }

  /** @returns Nothing when `handleExecution` is not overridden: the main thread then need not decode items. */
  #forward(): Handler | undefined {
    if (this.handleExecution === MultiThreadedWorker.prototype.handleExecution) return undefined;
    return (data, info) => {
      const forwarded = this.handleExecution(data as Item, info);
      return isPromiseLike(forwarded) ? forwarded.then((value) => value ?? data) : (forwarded ?? data);
    };
  }
}

/** @throws PayloadTypeError when there are no members to merge: a retry would not help. */
function mergedResult(forwarded: unknown, result: unknown): unknown {
  if (result === undefined || result === null) return forwarded;
  if (!isPlainObject(result))
    throw new PayloadTypeError(
      "With mergeResult, handleThreadExecution() must return a plain object or nothing",
    );
  if (isPlainObject(forwarded)) return { ...forwarded, ...result };
  throw new PayloadTypeError("With mergeResult, what is forwarded to a thread must be a plain object");
}

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && isPlain(value);
}
