import { commandLine, resolveProgram } from "../../pipeline/program-command.ts";
import { EndpointAddress } from "../../protocol/endpoint-address.ts";
import { FileError } from "../file-error.ts";
import type { CommandContext } from "../output.ts";
import { programOf } from "../program-option.ts";
import { withConsole } from "./command-console.ts";
import { inspectOf } from "./inspect-options.ts";
import type { RoleOptions } from "./run-options.ts";
import { RESTARTS } from "./start-workers.ts";
import { superviseWorkers } from "./supervise-workers.ts";

/** Starts programs as workers of a run. @returns The exit code. */
export async function runProgramWorkers(
  file: string | undefined,
  options: RoleOptions,
  context: CommandContext,
): Promise<number> {
  const program = resolveProgram("worker", programOf(file, options) ?? {});
  const { connect, collector, task, count = 1, pool, timeout, keys } = options;
  if (program === undefined || pool === true || timeout !== undefined)
    throw new FileError("--command and --exec are for workers of a run: they exclude --pool and --timeout");
  if (task === undefined)
    throw new FileError("--command and --exec need --task NAME: the task type of the items");
  if (connect === undefined || collector === undefined)
    throw new FileError(
      "--command and --exec need --connect ENDPOINT and --collector ENDPOINT: no file names them",
    );
  const spec = {
    url: commandLine(program.args),
    exportName: undefined,
    taskType: task,
    program: { ...program, count, restarts: RESTARTS },
    count: 1,
    endpoint: new EndpointAddress(connect).address,
    collectorEndpoint: new EndpointAddress(collector).address,
    keys,
    inspect: inspectOf(options),
  };
  return await withConsole(context, (console) => superviseWorkers(spec, options, console));
}
