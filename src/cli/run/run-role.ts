import { Collector } from "../../collector/collector.ts";
import { Distributor } from "../../distributor/distributor.ts";
import { at } from "../../pipeline/local-roles.ts";
import { EndpointAddress } from "../../protocol/endpoint-address.ts";
import { assertOwnEndpoint } from "../../role/checks.ts";
import { peersOf } from "../../role/peer-state.ts";
import { drainRole, Role } from "../../role/role.ts";
import { Security } from "../../security/security.ts";
import { entitle } from "../../self/process-title.ts";
import { FileError } from "../file-error.ts";
import type { CommandContext } from "../output.ts";
import { STOP_TIMEOUT_MS } from "../stop-timeout.ts";
import { announced } from "./announced.ts";
import { type CommandConsole, withConsole } from "./command-console.ts";
import { dropPrints } from "./drop-prints.ts";
import { exitCodeOf } from "./exit-code-of.ts";
import { type AnyRole, chosen, type ExportedRoles, loadRoles, only } from "./exported-roles.ts";
import { inspectOf } from "./inspect-options.ts";
import { journalOf } from "./ledger-options.ts";
import { outcomeJson } from "./outcome-json.ts";
import { IN_COLLECTOR, outcomeLines } from "./outcome-text.ts";
import type { RoleCommandName, RoleOptions } from "./run-options.ts";
import { RunStatistics } from "./run-statistics.ts";
import { goOnText } from "./stopped-text.ts";
import { superviseWorkers } from "./supervise-workers.ts";

/** Starts one role of a file, and runs it to its end. @returns The exit code. */
export async function runRole(
  name: RoleCommandName,
  file: string,
  options: RoleOptions,
  context: CommandContext,
): Promise<number> {
  const { threads, concurrency, timeout, service, task } = options;
  if (service === true || task !== undefined)
    throw new FileError(
      "--service and --task are for --command and --exec: a worker class has its own task type and endpoints",
    );
  if ([threads, concurrency, timeout].some((value) => value !== undefined))
    throw new FileError("--threads, --concurrency and --timeout need --pool: a worker class has its own");
  const endDropping = name === "worker" && options.quiet ? dropPrints() : () => {};
  try {
    return await runRoleOf(await loadRoles(file), name, file, options, context);
  } finally {
    endDropping();
  }
}

async function runRoleOf(
  roles: ExportedRoles,
  name: RoleCommandName,
  file: string,
  options: RoleOptions,
  context: CommandContext,
): Promise<number> {
  return await withConsole(context, async (console) => {
    const isFleet = (options.count ?? 1) > 1 || inspectOf(options) !== undefined;
    if (name === "worker" && isFleet) return await runWorkers(roles, file, options, console);
    const role = makeRole(name, roles, file, options);
    if (role instanceof Distributor && !options.quiet) console.showProgress(() => role.progress);
    const timeout = options.stopTimeout ?? role.stopTimeout ?? STOP_TIMEOUT_MS;
    const summaryContext = { journal: options.journal, args: context.args };
    console.drainOnInterrupt({
      timeoutMs: timeout,
      drain: () => drain(role, timeout),
      ...(role instanceof Distributor ? { advice: goOnText(summaryContext) } : {}),
    });
    const statistics = new RunStatistics();
    if (role instanceof Collector)
      statistics.watch(role, { logged: options.quiet === true ? "none" : "first" });
    const running = role.run();
    running.catch(() => {}); // awaited below
    entitle(name, taskNames(role).join(" "), file);
    const read = () => role[peersOf] ?? [];
    const peerTimeoutMs = "peerTimeout" in role ? role.peerTimeout : undefined;
    const lines = console.showPeers(options, { name, read, peerTimeoutMs });
    // Distributors and services answer where their workers connect.
    const address = read().find(
      ({ peer, isListening }) => isListening && peer.startsWith("a worker"),
    )?.address;
    const outcome = await announced(
      address,
      (text) => console.line(text),
      () => running,
    ).finally(() => lines?.close());
    const ending = {
      context: summaryContext,
      isInterrupted: console.interruptCode !== undefined,
      statistics,
    };
    console.printOutcome(options, outcomeJson(name, outcome, ending), (paint) =>
      outcomeLines(name, outcome, ending, paint),
    );
    if (options.quiet && !options.json) console.printFailures(statistics.failures, IN_COLLECTOR);
    return exitCodeOf(outcome);
  });
}

/** Ends a role at a signal. A role of another copy of the library only stops. */
function drain(role: AnyRole, timeoutMs: number): void {
  if (role instanceof Role) role[drainRole](timeoutMs);
  else void role.stop({ timeout: timeoutMs });
}

/** The names of the tasks that a role works for, as far as the role knows them. */
function taskNames(role: AnyRole): string[] {
  if (role instanceof Distributor) return Object.keys(role.progress.tasks);
  const { taskType = "" } = role as { readonly taskType?: unknown };
  return [String(taskType)];
}

function makeRole(name: RoleCommandName, roles: ExportedRoles, file: string, options: RoleOptions): AnyRole {
  const { keys, connect, collector } = options;
  const security = keys === undefined ? undefined : Security.load(keys);
  if (name === "distributor") return makeDistributor(roles, file, options, security);
  if (name === "service") {
    assertNotGiven(options, file);
    return chosen(roles.services, "Service", file, roles, options.export);
  }
  const role: AnyRole = new (classOf(name, roles, file, options))();
  if (security !== undefined) Object.defineProperty(role, "security", { value: security });
  if (connect !== undefined) at(role, { endpoint: new EndpointAddress(connect) });
  if (collector !== undefined) {
    if (!("collectorEndpoint" in role))
      throw new FileError(
        `--collector is for workers of a run: ${role.constructor.name} works for a service`,
      );
    at(role, { collectorEndpoint: new EndpointAddress(collector) });
  }
  return role;
}

function classOf(
  name: RoleCommandName,
  roles: ExportedRoles,
  file: string,
  { export: wanted }: RoleOptions,
): new () => AnyRole {
  if (name === "collector") return chosen(roles.collectors, "collector class", file, roles, wanted);
  if (name === "metadata") return chosen(roles.metadata, "metadata worker class", file, roles, wanted);
  const all = [...roles.workers.values(), ...roles.serviceWorkers.values()];
  return chosen(all, "worker class", file, roles, wanted);
}

/** An exported instance has its options already. @throws FileError rather than ignoring an option of the command line. */
function assertNotGiven(options: RoleOptions, file: string): void {
  const { keys, journal, retryFailed, incremental, maxFailures, minWorkers, trust } = options;
  const isTold = [keys, journal, maxFailures, minWorkers, trust].some((value) => value !== undefined);
  if (!isTold && retryFailed !== true && incremental !== true) return;
  throw new FileError(
    `${file} exports an instance, whose options are set: set security, journal, maxFailures, minWorkers and trust in the file`,
  );
}

/** Takes the exported distributor, or makes one of the exported tasks; the classes of collector and metadata worker have the endpoints. */
function makeDistributor(
  roles: ExportedRoles,
  file: string,
  options: RoleOptions,
  security: Security | undefined,
): Distributor {
  const { distributors, tasks, collectors, metadata } = roles;
  const { maxFailures, minWorkers, trust } = options;
  if (distributors.length > 0) {
    assertNotGiven(options, file);
    return chosen(distributors, "Distributor", file, roles, options.export);
  }
  if (tasks.length === 0)
    throw new FileError(`${file} must export a Distributor, or task classes and their collector class`);
  if (options.export !== undefined)
    throw new FileError(
      `--export names a Distributor, and ${file} exports none: all its tasks are distributed`,
    );
  const CollectorClass = only(collectors, "collector class", file);
  const { endpoint, ackEndpoint } = new CollectorClass();
  assertOwnEndpoint(`${CollectorClass.name}.endpoint`, endpoint);
  assertOwnEndpoint(`${CollectorClass.name}.ackEndpoint`, ackEndpoint);
  const [Metadata] = metadata;
  const distributor = new Distributor({
    collectorEndpoint: endpoint,
    collectorAckEndpoint: ackEndpoint,
    security,
    ...(Metadata === undefined ? {} : { receiveMetadata: true, metadataEndpoint: new Metadata().endpoint }),
    ...journalOf(options),
    ...(maxFailures === undefined ? {} : { maxFailures }),
    ...(minWorkers === undefined ? {} : { minWorkers }),
    ...(trust === undefined ? {} : { trust }),
  });
  for (const task of tasks) distributor.registerTask(task);
  return distributor;
}

/** Starts several workers, each in a process of its own, which is started again when it dies. */
async function runWorkers(
  roles: ExportedRoles,
  file: string,
  options: RoleOptions,
  console: CommandConsole,
): Promise<number> {
  const { count = 1, connect, collector, keys } = options;
  const exported = classOf("worker", roles, file, options);
  if (collector !== undefined && [...roles.serviceWorkers.values()].includes(exported))
    throw new FileError(`--collector is for workers of a run: ${exported.name} works for a service`);
  const [exportName = ""] =
    [...roles.workers, ...roles.serviceWorkers].find(([, value]) => value === exported) ?? [];
  const where = { endpoint: connect, collectorEndpoint: collector, keys, inspect: inspectOf(options) };
  return await superviseWorkers({ url: roles.url, exportName, count, ...where }, options, console);
}
