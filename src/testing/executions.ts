import type { TaskSpec } from "../core/distributor/task-spec.ts";
import type { Execution, ExecutionOutcome } from "../core/execution.ts";
import type { ExecutionSetting } from "./execution-examiner.ts";
import type { FaultPlan } from "./fault-plan.ts";
import type { Fault } from "./simulator/faults.ts";
import { type Host, runOn } from "./simulator/host.ts";
import type { Random } from "./simulator/random.ts";
import type { Timeline } from "./simulator/timeline.ts";
import type { OpenWorker, WorkerUnderTest } from "./worker-under-test.ts";

/** Longest time of an execution, in virtual ms. */
export const SERVICE_MS = 20;

/** An item that a worker has begun to execute. */
export interface BegunExecution {
  readonly host: Host;
  readonly opened: OpenWorker;
  readonly worker: WorkerUnderTest;
  readonly taskType: string;
  readonly execution: Execution;
  /** Names the item in the plan of faults. */
  readonly key: string;
  done(outcome: ExecutionOutcome, serviceMs: number): void;
}

export interface ExecutionsPort {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly faults: FaultPlan;
  /** The only overlap that happens, of those that are drawn; undefined: all. */
  readonly onlyOverlap: number | undefined;
  /** Calls the user's code when earlier calls have ended. */
  call(action: () => Promise<void>): void;
  /** Calls the handler. @returns Nothing when the run is broken, or the worker was killed meanwhile. */
  examine(begun: BegunExecution, how: ExecutionSetting): Promise<ExecutionOutcome | undefined>;
  specOf(taskType: string): TaskSpec | undefined;
  inject(fault: Fault): void;
  killWorker(host: Host): void;
}

/** Executes the items of one run: alone or in pairs, and with the faults that are aimed at them. */
export class Executions {
  /** The pairs of executions that ran at the same time. */
  readonly overlapped: (readonly [BegunExecution, BegunExecution])[] = [];
  readonly #port: ExecutionsPort;
  /** An execution that begins together with the next one. */
  #waiting: BegunExecution | undefined;
  #overlapChances = 0;

  constructor(port: ExecutionsPort) {
    this.#port = port;
  }

  /** Executes an item; with the one that waits for company, if there is one. */
  async execute(begun: BegunExecution): Promise<void> {
    const { timeline, random, faults } = this.#port;
    const waiting = this.#waiting?.host.alive === true ? this.#waiting : undefined;
    this.#waiting = undefined;
    const { onlyOverlap } = this.#port;
    const isChosen = waiting === undefined && faults.happens("overlap", begun.key);
    if (isChosen && (onlyOverlap === undefined || onlyOverlap === this.#overlapChances++)) {
      this.#waiting = begun;
      return timeline.after(random.between(0, 2 * SERVICE_MS), () => this.#executeAlone(begun));
    }
    if (waiting === undefined) return this.#finish(begun, await this.#examine(begun, true));
    this.overlapped.push([waiting, begun]);
    const outcomes = await Promise.all([this.#examine(waiting, false), this.#examine(begun, false)]);
    for (const [index, each] of [waiting, begun].entries()) await this.#finish(each, outcomes[index]);
  }

  /** No other execution has begun meanwhile. */
  #executeAlone(begun: BegunExecution): void {
    if (this.#waiting !== begun) return;
    this.#waiting = undefined;
    if (begun.host.alive)
      this.#port.call(async () => await this.#finish(begun, await this.#examine(begun, true)));
  }

  /** Calls the handler. @returns Nothing when the run is broken, or the worker was killed meanwhile. */
  async #examine(begun: BegunExecution, isAlone: boolean): Promise<ExecutionOutcome | undefined> {
    const { timeoutMs = 0, retry } = this.#port.specOf(begun.taskType) ?? {};
    // An item that may be executed once would fail for good.
    const mayExpire = timeoutMs > 0 && (retry?.attempts ?? 1) > 1;
    const expires = mayExpire && this.#port.faults.happens("expire", begun.key);
    const outcome = await this.#port.examine(begun, { timeoutMs, expires, isAlone });
    if (outcome === undefined) this.#port.killWorker(begun.host);
    return outcome;
  }

  /** A handler has ended: draws what happens next. */
  async #finish(begun: BegunExecution, outcome: ExecutionOutcome | undefined): Promise<void> {
    const { timeline, random, faults, inject, killWorker } = this.#port;
    const { host, key, done } = begun;
    if (outcome?.ok === true && faults.happens("repeat", key)) await this.#examine(begun, true);
    if (outcome === undefined) return;
    const serviceMs = random.between(0, SERVICE_MS);
    const soon = (action: () => void) => timeline.after(random.between(0, 2 * SERVICE_MS), action);
    if (faults.happens("killWorker", key)) soon(() => killWorker(host));
    if (faults.happens("killDistributor", key)) soon(() => inject("killDistributor"));
    if (faults.happens("loseConnection", key)) soon(() => inject("cut"));
    if (faults.happens("loseMessages", key)) soon(() => inject("mute"));
    if (faults.happens("freeze", key)) {
      const fault = random.pick(["freezeWorker", "freezeCollector", "freezeDistributor"] as const);
      soon(() => inject(fault ?? "freezeWorker"));
    }
    runOn(timeline, host, serviceMs, () => done(outcome, serviceMs));
  }
}
