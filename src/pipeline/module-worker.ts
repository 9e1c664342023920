import type { ExecutionInfo } from "../executor/execution-info.ts";
import { importUserModule } from "../executor/import-user-module.ts";
import { setupOfThread, threadSetup } from "../executor/threads/threaded-class.ts";
import { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { MessageType } from "../protocol/message-type.ts";
import { TaskType } from "../protocol/task-type.ts";
import { endpointClass } from "../role/role.ts";
import { Security } from "../security/security.ts";
import { ownFile } from "../self/own-file.ts";
import { ServiceWorker } from "../service/service-worker.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";
import { MultiThreadedWorker } from "../worker/multi-threaded-worker.ts";
import { SingleThreadedWorker } from "../worker/single-threaded-worker.ts";
import type { AnyWorker } from "./any-worker.ts";
import { chooseExport, isWorkerClass } from "./choose-export.ts";
import { isClass } from "./is-class.ts";
import { hooksOf, type ModuleHooks } from "./module-hooks.ts";
import type { WorkerStart } from "./process-messages.ts";
import { ProgramServiceWorker, ProgramWorker } from "./program-worker.ts";

/** The worker function that the user's module exports, where it exports no worker class. */
type WorkerFunction = (data: unknown, info: ExecutionInfo) => unknown;

/** Makes the worker that a module exports, or one whose items programs execute. @throws TypeError when it exports none. */
export async function makeWorker(start: WorkerStart): Promise<AnyWorker> {
  if (start.program !== undefined) {
    const Programs = start.pool === undefined ? ProgramWorker : ProgramServiceWorker;
    return new Programs(start, start.program);
  }
  const module = await importUserModule(start.module, start.isHere);
  const exported = chooseExport(module, start);
  if (start.pool !== undefined && isClass(exported))
    throw new TypeError(`${start.module} must export a function for a pool, not a class`);
  if (isWorkerClass(exported)) {
    if (start.threads > 0 || (start.concurrency ?? 1) > 1)
      throw new TypeError(
        `${start.module} exports a class: threads and concurrency are options for functions, and fields of classes (nThreads, concurrency)`,
      );
    return configured(new exported(), start);
  }
  if (isClass(exported)) throw new TypeError(`${start.module}: ${notAWorker(exported)}`);
  if (start.pool === undefined && start.taskType === undefined)
    throw new TypeError(
      `${start.module}: there are several tasks, so the function needs a taskType: { module, taskType: "NAME" }`,
    );
  if (start.threads === 0) {
    const Worker = start.pool === undefined ? FunctionWorker : PoolWorker;
    return new Worker(start, handlerOf(exported, start), hooksOf(module));
  }
  return start.pool === undefined ? new FunctionThreads(start) : new PoolThreads(start);
}

/** In a thread of this library: what the thread is to run. */
function startOfThread(): WorkerStart {
  return JSON.parse(setupOfThread() ?? "{}") as WorkerStart;
}

function notAWorker({ name }: { readonly name: string }): string {
  return `class ${name === "" ? "without a name" : name} must extend SingleThreadedWorker, MultiThreadedWorker or ServiceWorker`;
}

/** Replaces endpoints and keys of the worker's class by those that the pipeline or the command gives. */
function configured(worker: AnyWorker, start: WorkerStart): AnyWorker {
  const Address = addressClass(worker);
  const { endpoint, collectorEndpoint, keys } = start;
  if (endpoint !== undefined) Object.defineProperty(worker, "endpoint", { value: new Address(endpoint) });
  if (worker.taskType === undefined && start.taskType !== undefined)
    Object.defineProperty(worker, "taskType", { value: start.taskType });
  if (collectorEndpoint !== undefined)
    Object.defineProperty(worker, "collectorEndpoint", { value: new Address(collectorEndpoint) });
  if (keys !== undefined) Object.defineProperty(worker, "security", { value: Security.load(keys) });
  return worker;
}

/** A worker of another copy of the library accepts only addresses of that copy. */
function addressClass(worker: object): typeof EndpointAddress {
  return endpointClass in worker ? (worker[endpointClass] as typeof EndpointAddress) : EndpointAddress;
}

function handlerOf(exported: unknown, { isWrapped }: WorkerStart): WorkerFunction {
  const handler = exported as WorkerFunction;
  // Called without a receiver: a stack would name the receiver's class.
  if (!isWrapped) return (data, info) => handler(data, info);
  return (data, info) => {
    const { index, value } = data as { index: number; value: unknown };
    const result = handler(value, info);
    // A promise for each item would cost more than the rest.
    return isPromiseLike(result)
      ? Promise.resolve(result).then((value) => ({ index, value }))
      : { index, value: result };
  };
}

class FunctionWorker extends SingleThreadedWorker<unknown, unknown> {
  readonly taskType: TaskType;
  readonly endpoint: EndpointAddress;
  readonly collectorEndpoint: EndpointAddress;
  readonly #handler: WorkerFunction;
  readonly #hooks: ModuleHooks;

  constructor(start: WorkerStart, handler: WorkerFunction, hooks: ModuleHooks) {
    super();
    this.taskType = TaskType.register(start.taskType ?? "");
    this.endpoint = new EndpointAddress(start.endpoint ?? "");
    this.collectorEndpoint = new EndpointAddress(start.collectorEndpoint ?? "");
    if (start.concurrency !== undefined)
      Object.defineProperty(this, "concurrency", { value: start.concurrency });
    this.#handler = handler;
    this.#hooks = hooks;
  }

  override async initWorker(): Promise<void> {
    await this.#hooks.initWorker(this.metadata);
  }

  override async closeWorker(): Promise<void> {
    await this.#hooks.closeWorker();
  }

  handleExecution(data: unknown, info: ExecutionInfo) {
    return this.#handler(data, info);
  }
}

/** The user's file in one thread: its function and its hooks. Threads import the file when they begin. */
class ThreadFile {
  readonly #start: WorkerStart;
  handler: WorkerFunction = () => undefined;
  #hooks: ModuleHooks | undefined;

  constructor(start: WorkerStart) {
    this.#start = start;
  }

  /** @param metadata - What the run's metadata worker gave; a pool has none. */
  async open(metadata?: object): Promise<void> {
    const module = await importUserModule(this.#start.module);
    this.handler = handlerOf(chooseExport(module, this.#start), this.#start);
    this.#hooks = hooksOf(module);
    await this.#hooks.initWorker(metadata);
  }

  async close(): Promise<void> {
    await this.#hooks?.closeWorker();
  }
}

/** @public Runs the function in threads; each thread imports this module and makes an instance of its own. */
export class FunctionThreads extends MultiThreadedWorker<unknown, unknown> {
  readonly module = ownFile("pipeline/module-worker.js").href;
  override readonly nThreads: number;
  readonly taskType: TaskType;
  readonly endpoint: EndpointAddress;
  readonly collectorEndpoint: EndpointAddress;
  override readonly [threadSetup]: string;
  readonly #file: ThreadFile;

  constructor(start: WorkerStart = startOfThread()) {
    super();
    this.nThreads = start.threads;
    this.taskType = TaskType.register(start.taskType ?? "");
    this.endpoint = new EndpointAddress(start.endpoint ?? "");
    this.collectorEndpoint = new EndpointAddress(start.collectorEndpoint ?? "");
    this[threadSetup] = JSON.stringify(start);
    this.#file = new ThreadFile(start);
  }

  override async initThread(): Promise<void> {
    await this.#file.open(this.metadata);
  }

  override async closeThread(): Promise<void> {
    await this.#file.close();
  }

  handleThreadExecution(data: unknown, _index: number, info: ExecutionInfo) {
    return this.#file.handler(data, info);
  }
}

/** Answers the requests of a pool with the function, in the process itself. */
class PoolWorker extends ServiceWorker<unknown, unknown> {
  readonly endpoint: EndpointAddress;
  override readonly security: Security | undefined;
  override readonly timeout: number;
  readonly #handler: WorkerFunction;
  readonly #hooks: ModuleHooks;

  constructor(start: WorkerStart, handler: WorkerFunction, hooks: ModuleHooks) {
    super();
    this.endpoint = new EndpointAddress(start.endpoint ?? "");
    if (start.concurrency !== undefined)
      Object.defineProperty(this, "concurrency", { value: start.concurrency });
    this.timeout = start.pool?.timeoutMs ?? Number.POSITIVE_INFINITY;
    this.security = start.keys === undefined ? undefined : Security.load(start.keys);
    this.#handler = handler;
    this.#hooks = hooks;
  }

  override async initWorker(): Promise<void> {
    await this.#hooks.initWorker();
  }

  override async closeWorker(): Promise<void> {
    await this.#hooks.closeWorker();
  }

  handleMessage(data: unknown, _taskType: TaskType, _msgtype: MessageType, info: ExecutionInfo) {
    return this.#handler(data, info);
  }
}

/** @public Answers the requests of a pool in threads; each thread imports this module and makes an instance of its own. */
export class PoolThreads extends ServiceWorker<unknown, unknown> {
  override readonly module = ownFile("pipeline/module-worker.js").href;
  override readonly nThreads: number;
  readonly endpoint: EndpointAddress;
  override readonly timeout: number;
  override readonly security: Security | undefined;
  override readonly [threadSetup]: string;
  readonly #file: ThreadFile;

  constructor(start: WorkerStart = startOfThread()) {
    super();
    this.nThreads = start.threads;
    this.endpoint = new EndpointAddress(start.endpoint ?? "");
    this.timeout = start.pool?.timeoutMs ?? Number.POSITIVE_INFINITY;
    this.security = start.keys === undefined ? undefined : Security.load(start.keys);
    this[threadSetup] = JSON.stringify({ ...start, keys: undefined }); // threads have no connections
    this.#file = new ThreadFile(start);
  }

  override async initThread(): Promise<void> {
    await this.#file.open();
  }

  override async closeThread(): Promise<void> {
    await this.#file.close();
  }

  handleMessage(data: unknown, _taskType: TaskType, _msgtype: MessageType, info: ExecutionInfo) {
    return this.#file.handler(data, info);
  }
}
