import { Distributor } from "../../distributor/distributor.ts";
import type { RunSummary } from "../../distributor/run-summary.ts";
import { at } from "../../pipeline/local-roles.ts";
import { EndpointAddress } from "../../protocol/endpoint-address.ts";
import { Security } from "../../security/security.ts";
import { FileError } from "../file-error.ts";
import { onInterrupt } from "../interrupts.ts";
import { logTo } from "../log-to.ts";
import { journalOf, type LedgerOptions } from "../options.ts";
import { type CommandContext, EXIT, printJson } from "../output.ts";
import { ProgressView } from "../progress-view.ts";
import { type AnyRole, type ExportedRoles, loadRoles, only } from "./exported-roles.ts";
import type { RoleName } from "./role-commands.ts";
import { startWorkers } from "./start-workers.ts";

/** What the command of a role is told. */
export interface RoleOptions extends LedgerOptions {
  readonly export?: string;
  readonly keys?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly count?: number;
  readonly connect?: string;
  readonly collector?: string;
  readonly maxFailures?: number;
}

/** Starts one role of a file, and runs it to its end. @returns The exit code. */
export async function runRole(
  name: RoleName,
  file: string,
  options: RoleOptions,
  context: CommandContext,
): Promise<number> {
  const { output } = context;
  const roles = await loadRoles(file);
  let line = (text: string): void => {
    output.err.write(`${text}\n`);
  };
  const endLog = await logTo((text) => line(text));
  try {
    if (name === "worker" && (options.count ?? 1) > 1)
      return await runWorkers(roles, file, options, context, (text) => line(text));
    const role = makeRole(name, roles, file, options);
    const view =
      role instanceof Distributor && !options.quiet
        ? new ProgressView(output.err, () => role.progress)
        : undefined;
    if (view !== undefined) line = (text) => view.line(text);
    const interrupt = onInterrupt(
      (text) => line(text),
      output.lost,
      () => {
        void role.stop({ timeout: Number.POSITIVE_INFINITY });
      },
    );
    try {
      const outcome = await role.run();
      view?.end();
      if (options.json) printJson(context, { role: name, ...(outcome as object | undefined) });
      else if (!options.quiet && outcome !== undefined)
        output.out(`${name} ended: ${JSON.stringify(outcome)}\n`);
      return interrupt.code ?? codeOf(outcome);
    } finally {
      view?.end();
      interrupt.stop();
    }
  } finally {
    await endLog();
  }
}

function codeOf(outcome: unknown): number {
  if (typeof outcome !== "object" || outcome === null || !("tasks" in outcome)) return EXIT.ok;
  const { tasks } = outcome as RunSummary;
  return Object.values(tasks).some(({ failed }) => failed > 0) ? EXIT.failures : EXIT.ok;
}

function makeRole(name: RoleName, roles: ExportedRoles, file: string, options: RoleOptions): AnyRole {
  const { keys, connect, collector } = options;
  const security = keys === undefined ? undefined : Security.load(keys);
  if (name === "distributor") return makeDistributor(roles, file, options, security);
  if (name === "service") {
    assertNotGiven(options, file);
    return only(roles.services, "Service", file);
  }
  const role: AnyRole = new (classOf(name, roles, file, options))();
  if (security !== undefined) Object.defineProperty(role, "security", { value: security });
  if (connect !== undefined) at(role, { endpoint: new EndpointAddress(connect) });
  if (collector !== undefined) at(role, { collectorEndpoint: new EndpointAddress(collector) });
  return role;
}

function classOf(
  name: RoleName,
  roles: ExportedRoles,
  file: string,
  { export: wanted }: RoleOptions,
): new () => AnyRole {
  if (name === "collector") return only(roles.collectors, "class of collector", file);
  if (name === "metadata") return only(roles.metadata, "class of metadata worker", file);
  const all = new Map([...roles.workers, ...roles.serviceWorkers]);
  if (wanted === undefined)
    return only([...all.values()], "class of worker (or name one with --export)", file);
  const found = all.get(wanted);
  if (found === undefined)
    throw new FileError(`${file} exports no class of worker named ${JSON.stringify(wanted)}`);
  return found;
}

/** What is exported as it is has its options. @throws FileError rather than ignoring what was asked for. */
function assertNotGiven(options: RoleOptions, file: string): void {
  const { keys, journal, retryFailed, incremental, maxFailures } = options;
  const isTold = [keys, journal, maxFailures].some((value) => value !== undefined);
  if (!isTold && retryFailed !== true && incremental !== true) return;
  throw new FileError(`${file} exports it with its options: set security, journal and maxFailures there`);
}

/** One that is exported, or one that is made of what is: tasks, and where the collector and the metadata worker say they are. */
function makeDistributor(
  roles: ExportedRoles,
  file: string,
  options: RoleOptions,
  security: Security | undefined,
): Distributor {
  const { distributors, tasks, collectors, metadata } = roles;
  const { maxFailures } = options;
  if (distributors.length > 0) {
    assertNotGiven(options, file);
    return only(distributors, "Distributor", file);
  }
  if (tasks.length === 0)
    throw new FileError(`${file} must export a Distributor, or classes of tasks and of their collector`);
  const { endpoint, ackEndpoint } = new (only(collectors, "class of collector", file))();
  const [Metadata] = metadata;
  const distributor = new Distributor({
    collectorEndpoint: endpoint,
    collectorAckEndpoint: ackEndpoint,
    security,
    ...(Metadata === undefined ? {} : { receiveMetadata: true, metadataEndpoint: new Metadata().endpoint }),
    ...journalOf(options),
    ...(maxFailures === undefined ? {} : { maxFailures }),
  });
  for (const task of tasks) distributor.registerTask(task);
  return distributor;
}

/** Several workers, each in a process of its own, which is started again when it dies. */
async function runWorkers(
  roles: ExportedRoles,
  file: string,
  options: RoleOptions,
  context: CommandContext,
  line: (text: string) => void,
): Promise<number> {
  const { count = 1, connect, collector, keys } = options;
  const exported = classOf("worker", roles, file, options);
  const [exportName = ""] =
    [...roles.workers, ...roles.serviceWorkers].find(([, value]) => value === exported) ?? [];
  const where = { endpoint: connect, collectorEndpoint: collector, keys };
  const { fleet, ended } = startWorkers([{ url: roles.url, exportName, count, ...where }], line);
  const interrupt = onInterrupt(line, context.output.lost, () => fleet.stop(Number.MAX_SAFE_INTEGER));
  try {
    await ended;
    if (options.json) printJson(context, { role: "worker", workers: count });
    return interrupt.code ?? EXIT.ok;
  } finally {
    interrupt.stop();
  }
}
