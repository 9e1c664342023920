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
} from "../executor/threads/threaded-class.ts";
import { ThreadedExecutor } from "../executor/threads/threaded-executor.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { Awaitable, Maybe } from "../role/awaitable.ts";
import { assertCount } from "../role/checks.ts";
import type { Members } from "../role/members.ts";
import { roleMembers } from "../role/role.ts";
import { depthOfThreads } from "../self/nesting.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";
import { createExecutor, WORKER_FIELDS, WORKER_METHODS, Worker } from "./worker.ts";

/** Work that each thread has in its queue, in ms: what the main thread may need to bring more. */
const QUEUE_MS = 40;

/** Longest time a result waits in its thread for others, in ms: a message costs both threads about 10 µs. */
const FLUSH_MS = 25;

/**
 * Executes items in worker threads: for handlers that compute. The file that exports the class is imported by each thread,
 * which makes an instance without arguments; `argv`, the environment and `this.metadata` are the same there.
 *
 * @typeParam Item - What the task's `handle()` or `items()` produces.
 * @typeParam Result - What the collector gets.
 * @typeParam Metadata - What a `MetaDataWorker` provides.
 * @typeParam ThreadItem - What `handleExecution` makes of an item for the thread.
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
    Item extends object = Payload,
    Result extends object = Payload,
    Metadata extends object = Payload,
    ThreadItem extends object = Item,
  >
  extends Worker<Metadata>
  implements OpenInThread
{
  /** The file that exports this class: `import.meta.url`. Each thread imports it. */
  abstract readonly module: string | URL;
  /**
   * How many threads.
   * @default the number of cores
   */
  readonly nThreads: number = availableParallelism();
  /**
   * A thread is replaced by a fresh one after so many items: for code that leaks.
   * @default Infinity
   */
  readonly maxItemsPerThread: number = Number.POSITIVE_INFINITY;
  /**
   * Memory limits of each thread. One that needs more fails the item that it executes, and is replaced.
   * @default Node's own
   */
  readonly resourceLimits?: ResourceLimits;

  /**
   * Called in the main thread, before an item goes to a thread: may look at it, change it, or throw to fail it.
   *
   * @param data - The item, as its task produced it.
   * @returns What the thread gets. Nothing means `data` itself, with the changes made to it.
   */
  handleExecution(data: Item, _info: ExecutionInfo): Awaitable<Maybe<ThreadItem>> {
    return data as unknown as ThreadItem;
  }

  /**
   * Called once in each thread, before its first item; `this.metadata` is set.
   *
   * @param _index - 0 for the first thread. A thread that takes the place of a dead one has its index.
   */
  initThread(_index: number): Awaitable<void> {}

  /**
   * Called once in each thread when it ends, if `initThread()` was called and did not throw, before `closeWorker()` of the main thread.
   * It may take `closeTimeout` ms; what it throws is logged, and is in the summary's `closeErrors`. A thread that is terminated,
   * because its handler does not end, calls nothing.
   *
   * @param _index - As `initThread()` got it.
   */
  closeThread(_index: number): Awaitable<void> {}

  /**
   * The work, in a thread. It is executed at least once for each item.
   *
   * @param data - What `handleExecution` returned; the item itself by default.
   * @param index - The thread's index.
   * @param info - The item's id, attempt, and a signal that is aborted when its timeout is over. A handler that does not end
   *   within a second of that loses its thread.
   * @returns A plain object for the collector; nothing counts as `{}`.
   * @throws Whatever it likes: the item is retried as the task's `retry` says, unless the error has `retryable: false`.
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
      fields: [...WORKER_FIELDS, "module", "nThreads", "maxItemsPerThread", "resourceLimits"],
    };
  }

  /** @internal */
  async [openInThread](index: number, metadata: Payload, isFirst: boolean): Promise<HandlerInThread> {
    this.metadata = metadata as Metadata;
    if (isFirst) await this.initThread(index);
    return {
      handler: (data, info) => this.handleThreadExecution(data as ThreadItem, index, info),
      taskType: this.taskType,
      spans: "item",
      close: () => this.closeThread(index),
      closeTimeout: this.closeTimeout,
    };
  }

  /** @internal */
  [createExecutor](): Executor {
    const { name } = this.constructor;
    assertCount(`${name}.nThreads`, this.nThreads, 1, 1024);
    assertCount(`${name}.maxItemsPerThread`, this.maxItemsPerThread, 1);
    return new ThreadedExecutor({
      taskType: this.taskType,
      threads: this.nThreads,
      module: moduleUrl(name, this.module),
      className: name,
      queue: QUEUE_MS,
      flush: FLUSH_MS,
      maxItemsPerThread: this.maxItemsPerThread,
      resourceLimits: this.resourceLimits,
      forward: this.#forward(),
      closeTimeout: this.closeTimeout,
      depth: depthOfThreads(this),
      facts: { role: "worker", taskType: this.taskType.name },
    });
  }

  /** Nothing when `handleExecution` is not overridden: items then go to the threads without being decoded before. */
  #forward(): Handler | undefined {
    if (this.handleExecution === MultiThreadedWorker.prototype.handleExecution) return undefined;
    return (data, info) => {
      const forwarded = this.handleExecution(data as Item, info);
      return isPromiseLike(forwarded) ? forwarded.then((value) => value ?? data) : (forwarded ?? data);
    };
  }
}
