import type { TaskType } from "../protocol/task-type.ts";
import type { CommandWorkers, ExecWorkers, ModuleWorkers, WorkerDefinition } from "./pipeline-options.ts";

/** What executes the inputs of `map()` or of a pool: the function of a file, or a program. */
export type InputWorker =
  | Pick<ModuleWorkers, "module">
  | (Pick<CommandWorkers, "command"> & { readonly module?: undefined })
  | (Pick<ExecWorkers, "exec"> & { readonly module?: undefined });

interface InputWorkerOptions extends Pick<ModuleWorkers, "exportName" | "threads" | "concurrency"> {
  readonly workers?: number;
}

/** The workers that `map()` or a pool starts. */
export function definitionOf(
  worker: InputWorker,
  { workers, threads = 0, concurrency, exportName }: InputWorkerOptions,
  taskType: TaskType,
): WorkerDefinition {
  if (worker.module === undefined)
    return { ...worker, taskType, ...(workers === undefined ? {} : { count: workers }) };
  const count = workers ?? (threads > 0 ? 1 : undefined);
  return {
    ...worker,
    taskType,
    threads,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(count === undefined ? {} : { count }),
    ...(exportName === undefined ? {} : { exportName }),
  };
}
