import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PipelineError } from "../errors.ts";

/** Checks that the workers' files exist, before processes are started that would fail half a second later. @throws PipelineError `WORKER_FAILED`. */
export function assertModules(
  workers: readonly { readonly module: string; readonly taskType: string | undefined }[],
): void {
  for (const { module, taskType = "" } of workers) {
    if (!module.startsWith("file:")) continue; // a package or a URL: importing it fails with an error of its own
    const path = fileURLToPath(module);
    const file = statSync(path, { throwIfNoEntry: false });
    if (file?.isFile()) continue;
    const problem =
      file === undefined
        ? `Cannot find module ${JSON.stringify(path)}: there is no such file`
        : `Cannot import ${JSON.stringify(path)}: it is not a file; name the file that exports the worker`;
    throw new PipelineError("WORKER_FAILED", problem, { role: "worker", taskType });
  }
}
