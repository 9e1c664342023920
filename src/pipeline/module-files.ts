import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PipelineError } from "../errors.ts";

/** Looks for the files before a worker does: each process would find out by itself, after half a second. @throws PipelineError `WORKER_FAILED`. */
export function assertModules(
  workers: readonly { readonly module: string; readonly taskType: string }[],
): void {
  for (const { module, taskType } of workers) {
    if (!module.startsWith("file:")) continue; // importing it says what is wrong
    const path = fileURLToPath(module);
    const file = statSync(path, { throwIfNoEntry: false });
    if (file?.isFile()) continue;
    const problem =
      file === undefined
        ? `Cannot find module ${JSON.stringify(path)}: there is no such file`
        : `Cannot import ${JSON.stringify(path)}: it is no file; name the file that exports the worker`;
    throw new PipelineError("WORKER_FAILED", problem, { role: "worker", taskType });
  }
}
