import { statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { EndpointAddress } from "../../protocol/endpoint-address.ts";
import { FileError } from "../file-error.ts";
import type { CommandContext } from "../output.ts";
import { withConsole } from "./command-console.ts";
import { inspectOf } from "./inspect-options.ts";
import type { RoleOptions } from "./run-options.ts";
import { superviseWorkers } from "./supervise-workers.ts";

/** Starts workers for a pool that listens for them. @returns The exit code. */
export async function runPoolWorkers(
  file: string,
  options: RoleOptions,
  context: CommandContext,
): Promise<number> {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
    throw new FileError(`There is no file ${JSON.stringify(file)}`);
  if (options.service === true || options.task !== undefined)
    throw new FileError(
      "--service and --task are for --command and --exec, and not for the function of a file",
    );
  const { connect, collector, count = 1, threads = 0, concurrency = 1, timeout, keys } = options;
  if (connect === undefined) throw new FileError("--pool needs --connect ENDPOINT: where the pool listens");
  if (collector !== undefined)
    throw new FileError("--pool and --collector exclude each other: a pool has no collector");
  const endpoint = new EndpointAddress(connect).address;
  const spec = {
    url: pathToFileURL(file).href,
    exportName: options.export,
    count,
    threads,
    concurrency,
    isWrapped: true,
    pool: { timeoutMs: timeout },
    endpoint,
    collectorEndpoint: undefined,
    keys,
    inspect: inspectOf(options),
  };
  return await withConsole(context, (console) => superviseWorkers(spec, options, console));
}
