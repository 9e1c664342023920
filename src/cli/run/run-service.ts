import { availableParallelism } from "node:os";
import { FileError } from "../file-error.ts";
import { onInterrupt } from "../interrupts.ts";
import type { CommandContext } from "../output.ts";
import { EXIT, printJson } from "../output.ts";
import type { ExportedRoles } from "./exported-roles.ts";
import { only } from "./exported-roles.ts";
import type { RunFileOptions } from "./run-file.ts";
import { startWorkers } from "./start-workers.ts";

/** How long workers may take to end once their service has, in ms. */
const END_MS = 3000;

/** Runs a service that a file exports, and its workers, until a signal ends it. @returns The exit code. */
export async function runService(
  roles: ExportedRoles,
  file: string,
  options: RunFileOptions,
  context: CommandContext,
): Promise<number> {
  const { output } = context;
  const { workers: count = availableParallelism(), maxFailures } = options;
  const { journal, retryFailed = false, incremental = false } = options;
  if (journal !== undefined || retryFailed || incremental || maxFailures !== undefined)
    throw new FileError(`${file} exports a Service: it has no journal, and no failures to count`);
  const service = only(roles.services, "Service", file);
  if (roles.serviceWorkers.size === 0)
    throw new FileError(`${file} exports no worker for its Service: a class that extends ServiceWorker`);
  const line = (text: string) => void output.err.write(`${text}\n`);
  const run = service.run();
  const where = { endpoint: undefined, collectorEndpoint: undefined, keys: undefined };
  const specs = [...roles.serviceWorkers.keys()].map((exportName) => ({
    url: roles.url,
    exportName,
    count,
    ...where,
  }));
  const { fleet, ended } = startWorkers(specs, line);
  const interrupt = onInterrupt(
    line,
    output.lost,
    () => void service.stop({ timeout: Number.POSITIVE_INFINITY }),
  );
  if (!options.quiet) line(`a service with ${specs.length * count} workers; Ctrl-C ends it`);
  try {
    const summary = await Promise.race([run, ended.then(() => run)]);
    if (options.json) printJson(context, summary);
    else if (!options.quiet) output.out(`service ended: ${JSON.stringify(summary)}\n`);
    return interrupt.code ?? EXIT.ok;
  } finally {
    await service.stop({ timeout: 0 });
    await fleet.end(END_MS);
    interrupt.stop();
  }
}
