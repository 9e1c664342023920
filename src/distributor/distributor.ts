import { assertRunnable } from "../core/distributor/dependency-graph.ts";
import type { OwnedWorkers } from "../core/distributor/owned-workers.ts";
import { MAX_TASKS } from "../protocol/bounds.ts";
import { ofInstance, renamed } from "../protocol/renamed.ts";
import { assertArgumentCount } from "../role/known-options.ts";
import { assertMayListen } from "../role/network.ts";
import { emptyOutcome, leadsRun, openSession, Role } from "../role/role.ts";
import { atCaller } from "../self/at-caller.ts";
import { assertTask } from "./assert-task.ts";
import {
  type DistributorOptions,
  type ResolvedDistributorOptions,
  resolveDistributorOptions,
} from "./distributor-options.ts";
import { DistributorSession } from "./distributor-session.ts";
import { emptySummary } from "./empty-summary.ts";
import type { ResultsHere } from "./results-here.ts";
import type { RunProgress, RunSummary } from "./run-summary.ts";
import type { AnyTask, RegisteredTask } from "./task.ts";

/** What is known of the worker processes. The code that starts them sets it before `run()`. */
export const ownedWorkers: unique symbol = Symbol("ownedWorkers");

/**
 * Workers that are being started, by task type. The code that starts them sets it before `run()`: an item that has failed on the first
 * worker then waits for the others to join.
 */
export const expectWorkers: unique symbol = Symbol("expectWorkers");

/** How a collector in the same process reports results at once, not by messages: `taken`, those that it will handle later; `handled`. */
export const resultsHere: unique symbol = Symbol("resultsHere");

/**
 * Asks its registered tasks for items and hands them to workers as they become free; knows of every item until it is
 * collected. One distributor makes one run.
 *
 * @example
 * ```ts
 * const distributor = new Distributor({ collectorEndpoint: COLLECTOR, collectorAckEndpoint: COLLECTOR_ACK });
 * distributor.registerTask(CalculationTask);
 * const summary = await distributor.run();
 * console.log(summary.tasks);
 * ```
 */
export class Distributor extends Role<RunSummary> {
  static {
    renamed(Distributor.prototype, "distributor", ["register_task", "registerTask"]);
    for (const name of ["register_task", "registerTask"])
      ofInstance(Distributor, "Distributor", [name, "registerTask"]);
  }

  readonly #options: ResolvedDistributorOptions;
  readonly #tasks: RegisteredTask[] = [];
  #session: DistributorSession | undefined;
  /** @internal */
  [ownedWorkers]: OwnedWorkers | undefined;
  /** @internal */
  [expectWorkers]: ReadonlyMap<string, number> = new Map();

  /**
   * @param options - Where the collector is, and limits.
   * @throws TypeError, RangeError when an option is missing, unknown or out of range.
   */
  constructor(options: DistributorOptions);
  constructor(options: DistributorOptions, ...more: readonly unknown[]) {
    super();
    this.#options = atCaller(Distributor, () => {
      const resolved = resolveDistributorOptions(options);
      assertArgumentCount("new Distributor()", [options, ...more], 1);
      return resolved;
    });
  }

  /**
   * Adds a task, before `run()`.
   *
   * @param task - A `Task` subclass, of which one instance is made, or an instance.
   * @throws TypeError when it is no task, lacks a field, or another task has its type; RangeError when there are 4,096 tasks already.
   */
  registerTask(task: AnyTask | (new () => AnyTask)): void {
    this.#tasks.push(atCaller(Distributor.prototype.registerTask, () => this.#checked(task)));
  }

  #checked(task: AnyTask | (new () => AnyTask)): RegisteredTask {
    if (this.#session !== undefined) throw new TypeError("Tasks must be registered before run()");
    if (this.#tasks.length >= MAX_TASKS) throw new RangeError(`A distributor has at most ${MAX_TASKS} tasks`);
    const instance: AnyTask = typeof task === "function" ? new task() : task;
    assertTask(instance);
    if (this.#tasks.some(({ taskType }) => taskType === instance.taskType))
      throw new TypeError(`Task type ${JSON.stringify(instance.taskType.name)} is registered by two tasks`);
    return instance;
  }

  /** @internal */
  get [resultsHere](): ResultsHere | undefined {
    return this.#session;
  }

  /** How the run stands now: counts per task, and workers. Empty before `run()`. */
  get progress(): RunProgress {
    return this.#session?.progress ?? { workers: 0, tasks: {} };
  }

  /** @internal */
  [openSession](): DistributorSession {
    if (this.#session !== undefined)
      throw new TypeError("A Distributor runs once; make another one for another run");
    if (this.#tasks.length === 0) throw new TypeError("A Distributor needs at least one registered task");
    assertRunnable(
      this.#tasks.map(({ taskType, dependencies }) => ({
        name: taskType.name,
        dependencies: dependencies.map(({ name }) => name),
      })),
    );
    const { metadataEndpoint, network, journal } = this.#options;
    if (journal?.keep === true && this.#tasks.every(({ key }) => key === undefined))
      throw new TypeError("journal.keep needs a task with key(): without keys nothing tells what is new");
    const endpoints = this.#tasks.map(({ endpoint }) => endpoint);
    if (metadataEndpoint !== undefined) endpoints.push(metadataEndpoint);
    for (const endpoint of endpoints) assertMayListen("distributor", endpoint, network);
    this.#session = new DistributorSession(
      this.#tasks,
      { ...this.#options, owned: this[ownedWorkers] },
      {
        expected: this[expectWorkers],
      },
    );
    return this.#session;
  }

  /** @internal */
  override get [leadsRun](): boolean {
    return true;
  }

  /** @internal */
  [emptyOutcome](): RunSummary {
    const names = this.#tasks.map(({ taskType }) => taskType.name);
    return emptySummary(this.#session?.runId ?? "", names);
  }
}
