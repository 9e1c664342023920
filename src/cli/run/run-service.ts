import { availableParallelism } from "node:os";
import { peersOf } from "../../role/peer-state.ts";
import { counted } from "../../terminal/quantities.ts";
import { FileError } from "../file-error.ts";
import { type CommandContext, EXIT } from "../output.ts";
import { workerLines } from "../worker-lines.ts";
import { announced } from "./announced.ts";
import { withConsole } from "./command-console.ts";
import { type ExportedRoles, only } from "./exported-roles.ts";
import { inspectOf } from "./inspect-options.ts";
import { serviceText } from "./outcome-text.ts";
import type { RunFileOptions } from "./run-options.ts";
import { startWorkers } from "./start-workers.ts";

/** How long workers may take to end after their service has ended, in ms. */
const END_MS = 3000;

/** Runs the service that a file exports, and its workers, until a signal ends them. @returns The exit code. */
export async function runService(
  roles: ExportedRoles,
  file: string,
  options: RunFileOptions,
  context: CommandContext,
): Promise<number> {
  const { workers: count = availableParallelism(), maxFailures } = options;
  const inspect = inspectOf(options);
  const { journal, retryFailed = false, incremental = false } = options;
  if (journal !== undefined || retryFailed || incremental || maxFailures !== undefined)
    throw new FileError(`${file} exports a Service, which has neither a journal nor a limit of failures`);
  if (options.trust !== undefined)
    throw new FileError(
      `${file} exports a Service, which takes a reply only from the worker that has the request: --trust is for the other runs`,
    );
  const service = only(roles.services, "Service", file);
  if (roles.serviceWorkers.size === 0)
    throw new FileError(
      `${file} exports no worker for its Service: a class that extends ServiceWorker. Programs join a service with zmqpipeline worker --command WORDS --service`,
    );
  return await withConsole(context, async (console) => {
    const run = service.run();
    const where = { endpoint: undefined, collectorEndpoint: undefined, keys: undefined, inspect };
    const specs = [...roles.serviceWorkers.keys()].map((exportName) => ({
      url: roles.url,
      exportName,
      count,
      ...where,
    }));
    const { fleet, ended } = startWorkers(
      specs,
      workerLines((text) => console.printed(text), options.quiet === true),
    );
    const timeout = options.stopTimeout ?? service.stopTimeout;
    console.drainOnInterrupt({ timeoutMs: timeout, drain: () => void service.stop({ timeout }) });
    if (!options.quiet)
      console.line(`a service with ${counted(specs.length * Math.max(count, 1), "worker")}; Ctrl-C ends it`);
    try {
      const summary = await announced(
        service[peersOf][0]?.address,
        (text) => console.line(text),
        () => Promise.race([run, ended.then(() => run)]),
      );
      console.printOutcome(options, { role: "service", ...summary }, () => [serviceText(summary)]);
      return EXIT.ok;
    } finally {
      await service.stop({ timeout: 0 });
      await fleet.end(END_MS);
    }
  });
}
