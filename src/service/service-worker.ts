import { DEFAULT_CLOSE_TIMEOUT } from "../executor/close-hook.ts";
import type { ExecutionInfo } from "../executor/execution-info.ts";
import type { Executor } from "../executor/executor.ts";
import type { Handler } from "../executor/handler.ts";
import { InlineExecutor } from "../executor/inline-executor.ts";
import {
  type HandlerInThread,
  moduleUrl,
  type OpenInThread,
  openInThread,
  threadSetup,
} from "../executor/threads/threaded-class.ts";
import { ThreadedExecutor } from "../executor/threads/threaded-executor.ts";
import { WorkerHooks } from "../executor/worker-hooks.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { MessageType } from "../protocol/message-type.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import { TaskType } from "../protocol/task-type.ts";
import type { Awaitable, Maybe } from "../role/awaitable.ts";
import { assertCount, assertOwnEndpoint, assertTimeout, toTaskType } from "../role/checks.ts";
import { assertNoArguments, type Members } from "../role/members.ts";
import { assertSecurity } from "../role/network.ts";
import { assertIdPrefix, WorkerIdentity } from "../role/peer-identity.ts";
import { emptyOutcome, openSession, Role, roleMembers } from "../role/role.ts";
import { adoptStaticFields } from "../role/static-fields.ts";
import { onWork, type WorkSignal, type WorkStage } from "../role/work-signal.ts";
import type { Security } from "../security/security.ts";
import { atCaller } from "../self/at-caller.ts";
import { depthOfThreads, isHere } from "../self/nesting.ts";
import { ServiceWorkerSession } from "./service-worker-session.ts";
import type { ServiceWorkerSummary } from "./service-worker-summary.ts";

/** The method by which each kind of service worker makes its executor. */
export const createServiceExecutor: unique symbol = Symbol("createServiceExecutor");

/** Work in the queue of each thread, and longest wait of a reply in its thread, in ms. Short, because a client waits. */
const THREAD_MS = 2;

/** The field of a service worker that its class has as a field of the instance, or as a static one. */
declare abstract class ServiceWorkerFields {
  /** The service's `backendEndpoint`. */
  abstract readonly endpoint: EndpointAddress;
}

/**
 * Answers requests of one task type. The handler runs on the event loop of its process, several at a time where it is async
 * (`concurrency`), or in threads (`nThreads` and `module`). `run()` resolves when the service ends or after `stop()`. When the service
 * is lost, the worker waits for it. All fields may be static fields of the class instead.
 *
 * @typeParam Data - What clients send.
 * @typeParam Result - What they get back.
 *
 * @example
 * ```ts
 * class Upper extends ServiceWorker<{ message: string }, { message: string }> {
 *   readonly endpoint = BACK;
 *   override readonly taskType = UPPER;
 *   handleMessage({ message }: { message: string }) {
 *     return { message: message.toUpperCase() };
 *   }
 * }
 * if (isMain(import.meta)) await new Upper().run();
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: run() reports fields that are missing
export abstract class ServiceWorker<Data = Payload, Result = Payload>
  extends Role<ServiceWorkerSummary>
  implements OpenInThread, WorkSignal
{
  /**
   * The task type, or its name, of the requests that the worker answers.
   * @default the blank one
   */
  readonly taskType: TaskType | string = TaskType.register("");
  /**
   * How many requests the worker executes at a time, where its handler is async. With `nThreads` it is refused: threads execute one each.
   * @default 1
   */
  declare readonly concurrency: number;
  static {
    // On the prototype: a class that sets it, to whatever value, has chosen.
    Object.defineProperty(ServiceWorker.prototype, "concurrency", { value: 1, writable: true });
  }
  /**
   * Longest execution of one request, in ms. Then the handler's signal is aborted. The worker gives up on a handler that ignores the
   * signal for another second, and the client gets `EXECUTION_TIMEOUT`.
   * @default no limit
   */
  readonly timeout: number = Number.POSITIVE_INFINITY;
  /**
   * Longest wait for the service, at the start and whenever the connection is lost, in ms.
   * @default Infinity
   */
  readonly peerTimeout: number = Number.POSITIVE_INFINITY;
  /**
   * Longest time that each of the hooks at the end may take, in ms. Then the worker ends without waiting for the hook.
   * @default 5000
   */
  readonly closeTimeout: number = DEFAULT_CLOSE_TIMEOUT;
  /**
   * How many threads run the handler. With 0 it runs on the event loop.
   * @default 0
   */
  readonly nThreads: number = 0;
  /** With threads: the file that exports this class, `import.meta.url`. Each thread imports it. */
  readonly module?: string | URL;
  /**
   * Keys. With them, `tcp` links are encrypted, and the worker speaks only to a service with the right key.
   * @default none
   */
  readonly security?: Security | undefined;
  /**
   * The beginning of the worker's id, for logs and `zmqpipeline top`: up to 64 letters, digits, and `- _ . : @`.
   * @default "": the id begins with the host's name
   */
  readonly idPrefix: string = "";
  readonly #identity = new WorkerIdentity();
  /** @internal */
  [onWork]?: (stage: WorkStage) => void;
  /** @internal */
  readonly [threadSetup]?: string;

  /** The worker's id, in logs and `zmqpipeline top`. No other worker has it, and each run has another. In threads, it is that of their worker. */
  get workerId(): string {
    return this.#identity.get(this.idPrefix);
  }

  /** Takes the static fields of the class as fields of the instance. */
  constructor();
  constructor(...given: readonly unknown[]) {
    super();
    atCaller(ServiceWorker, () => assertNoArguments(this, given));
    adoptStaticFields(this, this[roleMembers]());
  }

  /** Called once, after the first contact with the service and before the first request. */
  initWorker(): Awaitable<void> {}

  /**
   * Called once, when the worker ends and no handler runs any more: when the service ends, after `stop()`, and when the worker failed.
   * It is not called when `initWorker()` was not, or has thrown. It may take `closeTimeout` ms. What it throws is logged, and is in the
   * summary's `closeErrors`. A process that is killed does not call it.
   */
  closeWorker(): Awaitable<void> {}

  /**
   * Called once in each thread, before its first request.
   *
   * @param _index - 0 for the first thread. A thread that replaces a dead one gets the same index.
   */
  initThread(_index: number): Awaitable<void> {}

  /**
   * Called once in each thread when it ends, under the rules of `closeWorker()`. A thread that is terminated, because its handler does
   * not end, does not call it.
   */
  closeThread(_index: number): Awaitable<void> {}

  /**
   * The handler: answers one request.
   *
   * @param data - What the client sent.
   * @param taskType - The worker's task type.
   * @param msgtype - `DATA`.
   * @param info - The request's id, its attempt, and a signal that is aborted when the reply is not needed any more. An attempt above 1
   *   may have run before: only idempotent requests have one.
   * @returns The reply. Returning nothing means `{}`.
   * @throws Any error. The client gets it as a `RemoteError`, with its name, message and stack.
   */
  abstract handleMessage(
    data: Data,
    taskType: TaskType,
    msgtype: MessageType,
    info: ExecutionInfo,
  ): Awaitable<Maybe<Result>>;

  /** @internal */
  override [roleMembers](): Members {
    return {
      base: ServiceWorker.prototype,
      methods: ["handleMessage", "initWorker", "initThread", "closeWorker", "closeThread"],
      fields: [
        "taskType",
        "endpoint",
        "concurrency",
        "timeout",
        "peerTimeout",
        "closeTimeout",
        "nThreads",
        "module",
        "security",
        "idPrefix",
        "workerId",
      ],
    };
  }

  /** @internal */
  async [openInThread](
    index: number,
    _metadata: Payload,
    isFirst: boolean,
    workerId: string,
  ): Promise<HandlerInThread> {
    this.#identity.adopt(workerId);
    if (isFirst) await this.initThread(index);
    const taskType = this.#type();
    return {
      handler: this.#handler(taskType),
      taskType,
      spans: "reply",
      close: () => this.closeThread(index),
      closeTimeoutMs: this.closeTimeout,
    };
  }

  /** @internal */
  [openSession](): ServiceWorkerSession {
    this.#validate();
    const taskType = this.#type();
    return new ServiceWorkerSession({
      workerId: this.#identity.begin(this.idPrefix),
      taskType,
      endpoint: this.endpoint,
      peerTimeoutMs: this.peerTimeout,
      security: this.security,
      timeoutMs: this.timeout === Number.POSITIVE_INFINITY ? 0 : this.timeout,
      executor: this[createServiceExecutor](taskType),
      isHere: isHere(this),
      hooks: new WorkerHooks({
        init: async () => await this.initWorker(),
        close: () => this.closeWorker(),
        closeTimeoutMs: this.closeTimeout,
        facts: { role: "serviceworker", taskType: taskType.name },
      }),
      onWork: this[onWork],
    });
  }

  /** @internal */
  [emptyOutcome](): ServiceWorkerSummary {
    return { executed: 0, failed: 0 };
  }

  #type(): TaskType {
    return toTaskType(`${this.constructor.name}.taskType`, this.taskType);
  }

  #handler(taskType: TaskType): Handler {
    return (data, info) => this.handleMessage(data as Data, taskType, MessageType.DATA, info);
  }

  /** @internal */
  [createServiceExecutor](taskType: TaskType): Executor {
    if (this.nThreads > 0) return this.#threads(taskType);
    const isAdvised = !Object.hasOwn(this, "concurrency");
    return new InlineExecutor(this.#handler(taskType), taskType, this.concurrency, "reply", isAdvised);
  }

  #threads(taskType: TaskType): Executor {
    const { name } = this.constructor;
    return new ThreadedExecutor({
      taskType,
      threads: this.nThreads,
      module: moduleUrl(name, this.module),
      className: name,
      workerId: this.workerId,
      queueMs: THREAD_MS,
      flushMs: THREAD_MS,
      maxItemsPerThread: Number.POSITIVE_INFINITY,
      resourceLimits: undefined,
      setup: this[threadSetup],
      forward: undefined,
      closeTimeoutMs: this.closeTimeout,
      depth: depthOfThreads(this),
      facts: { role: "serviceworker", taskType: taskType.name },
    });
  }

  #validate(): void {
    const { name } = this.constructor;
    assertOwnEndpoint(`${name}.endpoint`, this.endpoint);
    assertCount(`${name}.concurrency`, this.concurrency, 1, 10_000);
    assertCount(`${name}.nThreads`, this.nThreads, 0, 1024);
    assertTimeout(`${name}.timeout`, this.timeout);
    assertTimeout(`${name}.peerTimeout`, this.peerTimeout);
    assertTimeout(`${name}.closeTimeout`, this.closeTimeout);
    assertSecurity(`${name}.security`, this.security);
    assertIdPrefix(`${name}.idPrefix`, this.idPrefix);
    if (this.nThreads > 0 && this.concurrency > 1) {
      throw new RangeError(
        `${name} sets both nThreads and concurrency, which exclude each other: a thread executes one request at a time`,
      );
    }
  }
}

// An interface, because TypeScript asks for `override` where a class gives a value to a field of its base class.
// biome-ignore lint/correctness/noUnusedVariables: merged declarations have the same type parameters
export interface ServiceWorker<Data, Result> extends Pick<ServiceWorkerFields, "endpoint"> {}
