import { importUserModule } from "../executor/import-user-module.ts";
import { toModuleUrl } from "../executor/threads/threaded-class.ts";
import { chooseExport } from "../pipeline/choose-export.ts";
import { hooksOf, type ModuleHooks } from "../pipeline/module-hooks.ts";
import type { ModuleWorkers } from "../pipeline/pipeline-options.ts";
import type { TaskType } from "../protocol/task-type.ts";
import type { TestedFunction, TestedWorker } from "./pipeline-test-options.ts";

/** The export of a worker's module, as a worker's process has it. */
export interface WorkerModule {
  readonly url: string;
  readonly taskType: TaskType | string | undefined;
  /** A function, or a class. */
  readonly exported: TestedFunction;
  readonly hooks: ModuleHooks;
}

/** A worker under test, with the module that it names. */
export type ImportedWorker = Exclude<TestedWorker, ModuleWorkers> | WorkerModule;

/** Imports the modules that workers name. @throws What the import throws, and TypeError when a module exports no worker. */
export async function importWorkers(workers: readonly TestedWorker[]): Promise<readonly ImportedWorker[]> {
  return await Promise.all(workers.map((worker) => (isModule(worker) ? importWorker(worker) : worker)));
}

function isModule(worker: TestedWorker): worker is ModuleWorkers {
  return typeof worker === "object" && "module" in worker;
}

async function importWorker({ module, exportName, taskType }: ModuleWorkers): Promise<WorkerModule> {
  const url = toModuleUrl(module) as string;
  const exports = await importUserModule(url, true);
  const name = exportName === undefined ? {} : { exportName };
  const exported = chooseExport(exports, { module: url, ...name } as Parameters<typeof chooseExport>[1]);
  return { url, taskType, exported: exported as TestedFunction, hooks: hooksOf(exports) };
}
