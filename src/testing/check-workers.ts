import { isWorkerClass } from "../pipeline/choose-export.ts";
import { isClass } from "../pipeline/is-class.ts";
import { assertFile, assertName } from "../pipeline/option-checks.ts";
import type { ModuleWorkers } from "../pipeline/pipeline-options.ts";
import { toTaskType } from "../role/checks.ts";
import { assertKnownOptions, describeKind, optionNames } from "../role/known-options.ts";
import { MultiThreadedWorker } from "../worker/multi-threaded-worker.ts";
import { SingleThreadedWorker } from "../worker/single-threaded-worker.ts";
import type { TestedWorker } from "./pipeline-test-options.ts";

type WorkerObject = Extract<TestedWorker, { readonly handler: unknown } | ModuleWorkers>;

const MODULE = optionNames<Omit<ModuleWorkers, "command" | "exec">>({
  module: true,
  exportName: true,
  taskType: true,
  count: true,
  threads: true,
  concurrency: true,
});

/** @throws TypeError when the option `worker` has something that is no worker. */
export function assertWorkers(workers: readonly TestedWorker[]): void {
  if (workers.length === 0)
    throw new TypeError("worker must be a function or a worker class; it is an empty list");
  for (const worker of workers) {
    if (typeof worker === "function") {
      if (isClass(worker) && !isWorkerClass(worker))
        throw new TypeError(
          `worker: class ${(worker as { name: string }).name} must extend SingleThreadedWorker or MultiThreadedWorker`,
        );
      continue;
    }
    if (typeof worker !== "object" || worker === null)
      throw new TypeError(
        `worker must be a function, a worker class, { taskType, handler } or { module }, not ${describeKind(worker)}`,
      );
    assertWorkerObject(worker);
  }
}

function assertWorkerObject(worker: WorkerObject): void {
  if (worker instanceof SingleThreadedWorker || worker instanceof MultiThreadedWorker)
    throw new TypeError(
      `worker must be the class, not ${describeKind(worker)}: each start of a worker makes a new instance`,
    );
  if ("command" in worker || "exec" in worker)
    throw new TypeError(
      "worker: a program runs on no virtual time, so testPipeline() cannot have it as a worker. zmqpipeline chaos FILE --seed 1 tests the run with its programs; a function in the program's place tests tasks and collector here",
    );
  if (worker instanceof URL) throw new TypeError("worker must be { module: URL }, not a URL alone");
  if ("module" in worker) {
    assertKnownOptions("worker", worker, MODULE);
    assertFile("worker.module", 'worker: { module: new URL("./worker.js", import.meta.url) }', worker.module);
    assertName("worker.exportName", worker.exportName);
    if (worker.taskType !== undefined) toTaskType("worker.taskType", worker.taskType);
  } else {
    assertKnownOptions("worker", worker, ["taskType", "handler"]);
    toTaskType("worker.taskType", worker.taskType);
    if (typeof worker.handler !== "function")
      throw new TypeError(`worker.handler must be a function, not ${describeKind(worker.handler)}`);
  }
}
