import { commandLine, resolveProgram } from "../../pipeline/program-command.ts";
import { EndpointAddress } from "../../protocol/endpoint-address.ts";
import { FileError } from "../file-error.ts";
import type { CommandContext } from "../output.ts";
import { programOf } from "../program-option.ts";
import { withConsole } from "./command-console.ts";
import { inspectOf } from "./inspect-options.ts";
import type { RoleOptions } from "./run-options.ts";
import { RESTARTS, type WorkersSpec } from "./start-workers.ts";
import { superviseWorkers } from "./supervise-workers.ts";

/** Starts programs as workers of a run, a pool or a service. @returns The exit code. */
export async function runProgramWorkers(
  file: string | undefined,
  options: RoleOptions,
  context: CommandContext,
): Promise<number> {
  const program = resolveProgram("worker", programOf(file, options) ?? {});
  if (program === undefined) throw new FileError("name a program with --command or --exec");
  const { count = 1, keys } = options;
  const spec = {
    ...peersOf(options),
    url: commandLine(program.args),
    exportName: undefined,
    program: { ...program, count, restarts: RESTARTS },
    count: 1,
    keys,
    inspect: inspectOf(options),
  };
  return await withConsole(context, (console) => superviseWorkers(spec, options, console));
}

/** For whom the programs work. @throws FileError when options are missing, or are for others. */
function peersOf(
  options: RoleOptions,
): Omit<WorkersSpec, "url" | "exportName" | "count" | "keys" | "inspect"> {
  const { connect, collector, task, pool = false, service = false, timeout } = options;
  if (pool && service) throw new FileError("--pool and --service exclude each other");
  if (!pool && !service) {
    if (timeout !== undefined)
      throw new FileError(
        "--timeout is for --pool and --service: the items of a run have the timeout of their task",
      );
    if (task === undefined)
      throw new FileError(
        "--command and --exec need --task NAME, the task type of the items; or --pool or --service",
      );
    if (connect === undefined || collector === undefined)
      throw new FileError(
        "--command and --exec need --connect ENDPOINT and --collector ENDPOINT: no file names them. Workers of a service have --service in place of --collector",
      );
    return {
      taskType: task,
      endpoint: new EndpointAddress(connect).address,
      collectorEndpoint: new EndpointAddress(collector).address,
    };
  }
  const name = pool ? "--pool" : "--service";
  if (connect === undefined)
    throw new FileError(`${name} needs --connect ENDPOINT: where the ${name.slice(2)} listens for workers`);
  if (collector !== undefined)
    throw new FileError(`${name} and --collector exclude each other: a ${name.slice(2)} has no collector`);
  if (pool && task !== undefined)
    throw new FileError("--pool and --task exclude each other: the inputs of a pool have no task type");
  return {
    taskType: task,
    isWrapped: pool,
    pool: { timeoutMs: timeout },
    endpoint: new EndpointAddress(connect).address,
    collectorEndpoint: undefined,
  };
}
