import { availableParallelism } from "node:os";
import type { AnyTask } from "../distributor/task.ts";
import { toModuleUrl } from "../executor/threads/threaded-class.ts";
import { assertCount } from "../role/checks.ts";
import { describeKind } from "../role/known-options.ts";
import { nearestName } from "../role/nearest-name.ts";
import { resolveInspect } from "./inspect-workers.ts";
import { assertThreadsOrConcurrency } from "./option-checks.ts";
import { assertWorkerDefinition } from "./pipeline-checks.ts";
import type { PipelineOptions, WorkerDefinition } from "./pipeline-options.ts";
import type { ProgramStart } from "./process-messages.ts";
import { commandLine, resolveProgram } from "./program-command.ts";

/** Enough to replace a worker that dies now and then; a worker that dies at every start ends the run within seconds. */
const DEFAULT_RESTARTS = 5;

/** Checks the option `workers`, and fills in its defaults. @throws TypeError, RangeError when an option is missing or wrong. */
export function resolveWorkers(
  options: Pick<PipelineOptions, "workers" | "inspectWorkers" | "restarts">,
  tasks: readonly AnyTask[],
) {
  const inspect = resolveInspect(options.inspectWorkers);
  const definitions = [options.workers].flat() as readonly WorkerDefinition[];
  if (definitions.length === 0 || options.workers === undefined)
    throw new TypeError(
      'A Pipeline needs workers: { module: new URL("./worker.js", import.meta.url) }, or { command: ["python3", "worker.py"] }',
    );
  const plans = definitions.map((definition, index) => {
    const where = Array.isArray(options.workers) ? `workers[${index}]` : "workers";
    assertWorkerDefinition(where, definition);
    const { module, exportName, count = availableParallelism(), threads = 0, concurrency } = definition;
    const taskType = definition.taskType ?? (tasks.length === 1 ? tasks[0]?.taskType : undefined);
    if (
      definition.taskType === undefined &&
      tasks.length > 1 &&
      definitions.length > 1 &&
      exportName === undefined
    )
      throw new TypeError(
        "Workers of several kinds need a taskType each, or an exportName whose class has a taskType",
      );
    const program = resolveProgram(where, definition);
    assertCount(`${where}.count`, count, program === undefined ? 0 : 1, 1024);
    assertCount(`${where}.threads`, threads, 0, 1024);
    if (concurrency !== undefined) assertCount(`${where}.concurrency`, concurrency, 1, 10_000);
    assertThreadsOrConcurrency(where, threads, concurrency ?? 1);
    const common = {
      isWrapped: false,
      taskType: taskType === undefined ? undefined : String(taskType),
      inspect,
    };
    if (program !== undefined) {
      if (taskType === undefined)
        throw new TypeError(`${where}: there are several tasks, so the program needs a taskType`);
      // One process of this library has all the programs.
      return {
        ...common,
        module: commandLine(program.args),
        exportName: undefined,
        count: 1,
        isHere: false,
        threads: 0,
        concurrency: undefined,
        program: { ...program, count, restarts: resolveRestarts(options.restarts) },
      };
    }
    return {
      ...common,
      module: moduleUrl(where, module),
      exportName,
      count: Math.max(count, 1),
      isHere: count === 0,
      threads,
      concurrency,
      program: undefined,
    };
  });
  if (tasks.length > 0) assertAllServed(plans, tasks); // map() and a pool have none of the user's
  if (inspect !== undefined && plans.every(({ isHere }) => isHere))
    throw new TypeError(
      "inspectWorkers is for worker processes. Without any, the program itself is debugged: node --inspect",
    );
  return plans;
}

/** Each kind of workers has a task, and, as far as it can be told before modules are loaded, each task has workers. @throws TypeError */
function assertAllServed(
  plans: readonly { readonly taskType: string | undefined }[],
  tasks: readonly AnyTask[],
): void {
  const names = tasks.map(({ taskType }) => String(taskType));
  const served = plans.map(({ taskType }) => taskType);
  for (const name of served) {
    if (name === undefined || names.includes(name)) continue;
    const near = nearestName(name, names);
    const advice =
      near === undefined ? `the tasks are ${names.join(", ")}` : `did you mean ${JSON.stringify(near)}?`;
    throw new TypeError(`There are workers of ${JSON.stringify(name)}, which is no task; ${advice}`);
  }
  if (served.includes(undefined)) return; // the module's class says its task type
  const idle = names.find((name) => !served.includes(name));
  if (idle !== undefined)
    throw new TypeError(
      `Task ${JSON.stringify(idle)} has no workers: { module, taskType: ${JSON.stringify(idle)} }`,
    );
}

/** How many items all workers execute at a time. */
export function slotsOf(
  plans: readonly {
    readonly count: number;
    readonly threads: number;
    readonly concurrency: number | undefined;
    readonly program: ProgramStart | undefined;
  }[],
): number {
  return plans.reduce(
    (slots, { count, threads, concurrency, program }) =>
      slots + count * Math.max(threads, concurrency ?? 1, program?.count ?? 1),
    0,
  );
}

export function resolveRestarts(restarts: number = DEFAULT_RESTARTS): number {
  assertCount("restarts", restarts, 0);
  return restarts;
}

function moduleUrl(where: string, module: unknown): string {
  const url = toModuleUrl(module);
  if (url === undefined)
    throw new TypeError(
      typeof module === "function"
        ? `${where}.module must be the file that exports the function or class, not the function or class itself`
        : `${where}.module must be a URL or a path, not ${describeKind(module)}`,
    );
  return url;
}
