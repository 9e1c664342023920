import { basename } from "node:path";
import type { ExecutionInfo } from "../executor/execution-info.ts";
import type { Handler } from "../executor/handler.ts";
import { openInThread } from "../executor/threads/threaded-class.ts";
import { isWorkerClass } from "../pipeline/choose-export.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { TaskType } from "../protocol/task-type.ts";
import { toTaskType } from "../role/checks.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";
import { MultiThreadedWorker } from "../worker/multi-threaded-worker.ts";
import { SingleThreadedWorker } from "../worker/single-threaded-worker.ts";
import type { ImportedWorker, WorkerModule } from "./import-workers.ts";
import type { TestedFunction } from "./pipeline-test-options.ts";

/** A worker that has started: what executes its items, and its end. */
export interface OpenWorker {
  readonly handler: Handler;
  close(): Promise<void>;
}

/** What a test knows of the worker of one task. */
export interface WorkerUnderTest {
  /** What messages call its handler. */
  readonly handlerName: string;
  /** A worker's process starts. @throws What its hooks throw. */
  open(metadata: Payload): Promise<OpenWorker>;
}

/** The worker of each task. @throws TypeError when a task has none, or a worker has no task. */
export function workersOf(
  workers: readonly ImportedWorker[],
  tasks: readonly TaskType[],
): ReadonlyMap<string, WorkerUnderTest> {
  const found = new Map<string, WorkerUnderTest>();
  const give = (name: string, worker: WorkerUnderTest) => {
    if (!tasks.some((task) => task.name === name))
      throw new TypeError(`${worker.handlerName}: there is no task ${JSON.stringify(name)}`);
    if (found.has(name)) throw new TypeError(`Task ${JSON.stringify(name)} has two workers`);
    found.set(name, worker);
  };
  const common: WorkerUnderTest[] = [];
  const only = tasks.length === 1 ? tasks[0] : undefined;
  for (const given of workers) {
    const module = isWorkerModule(given) ? given : undefined;
    const worker: unknown = module === undefined ? given : module.exported;
    if (isWorkerClass(worker)) {
      const Worker = worker as new () => Made;
      const made = new Worker();
      const taskType = toTaskType(`${Worker.name}.taskType`, made.taskType ?? module?.taskType ?? only);
      give(taskType.name, classUnderTest(Worker, made));
    } else if (module !== undefined) {
      const tested = functionUnderTest(module.exported, module);
      if (module.taskType === undefined) common.push(tested);
      else give(toTaskType("worker.taskType", module.taskType).name, tested);
    } else if (typeof given === "function") common.push(functionUnderTest(given as TestedFunction));
    else if ("handler" in given)
      give(toTaskType("worker.taskType", given.taskType).name, functionUnderTest(given.handler));
  }
  if (common.length > 1)
    throw new TypeError(
      "Several worker functions need task types: { taskType, handler }, or { module, taskType }",
    );
  for (const { name } of tasks) {
    const [tested] = common;
    if (found.has(name)) continue;
    if (tested === undefined) throw new TypeError(`Task ${JSON.stringify(name)} has no worker`);
    found.set(name, tested);
  }
  return found;
}

type Made = SingleThreadedWorker<unknown, unknown, object> | MultiThreadedWorker<unknown, unknown, object>;

function isWorkerModule(worker: ImportedWorker): worker is WorkerModule {
  return typeof worker === "object" && "exported" in worker;
}

/** @param module - The module that exports the function, with its hooks. */
function functionUnderTest(handler: TestedFunction, module?: WorkerModule): WorkerUnderTest {
  // The compiler names a function in a literal after its property.
  const isNamed = !["", "worker", "handler", "default"].includes(handler.name);
  const from = module === undefined ? "" : ` of ${basename(module.url)}`;
  return {
    handlerName: isNamed ? `worker ${handler.name}()${from}` : `the worker's function${from}`,
    open: async (metadata) => {
      await module?.hooks.initWorker(metadata);
      return {
        handler: (data, info) => handler(data as never, info),
        close: async () => await module?.hooks.closeWorker(),
      };
    },
  };
}

function classUnderTest(Worker: new () => Made, sample: Made): WorkerUnderTest {
  const method = sample instanceof MultiThreadedWorker ? "handleThreadExecution" : "handleExecution";
  return {
    handlerName: `${method}() of ${Worker.name}`,
    open: async (metadata) => {
      const worker = new Worker();
      worker.metadata = metadata;
      await worker.initWorker();
      if (worker instanceof SingleThreadedWorker)
        return {
          handler: (data, info) => worker.handleExecution(data, info),
          close: async () => await worker.closeWorker(),
        };
      return await openThreads(worker, metadata);
    },
  };
}

/** A worker with threads has one here, which is no thread: all of its code runs in this one. */
async function openThreads(
  worker: MultiThreadedWorker<unknown, unknown, object>,
  metadata: Payload,
): Promise<OpenWorker> {
  const { handler, close } = await worker[openInThread](0, metadata, true, worker.workerId);
  return {
    handler: (data: unknown, info: ExecutionInfo) => {
      const forwarded = worker.handleExecution(data, info);
      return isPromiseLike(forwarded)
        ? Promise.resolve(forwarded).then((value) => handler(value ?? data, info))
        : handler(forwarded ?? data, info);
    },
    close: async () => {
      await close();
      await worker.closeWorker();
    },
  };
}
