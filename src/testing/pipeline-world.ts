import { specOf } from "../distributor/spec-of.ts";
import type { RegisteredTask } from "../distributor/task.ts";
import { TaskSources } from "../distributor/task-sources.ts";
import { MAX_TIMER_MS, settlesWithin } from "../executor/settles-within.ts";
import { decodePayload, encodePayload } from "../protocol/payload/payload.ts";
import { describeThrown } from "../protocol/thrown.ts";
import { Collections } from "./collections.ts";
import { type CollectorHistory, CollectorUnderTest } from "./collector-under-test.ts";
import { Executions, SERVICE_MS } from "./executions.ts";
import { FaultPlan } from "./fault-plan.ts";
import type { PipelineWorldSetting } from "./pipeline-world-setting.ts";
import { turn } from "./real-time.ts";
import { registeredTasks } from "./registered-tasks.ts";
import { openRunFinding, runErrorFinding } from "./run-findings.ts";
import { type Host, runOn } from "./simulator/host.ts";
import { startCollector } from "./simulator/simulated-collector.ts";
import { type DistributorSetting, SimulatedDistributor } from "./simulator/simulated-distributor.ts";
import { SimulatedWorker } from "./simulator/simulated-worker.ts";
import { PATIENCE_MS, SimulatedWorld } from "./simulator/simulated-world.ts";
import { NeverSettled, userCall } from "./user-call.ts";
import type { OpenWorker, WorkerUnderTest } from "./worker-under-test.ts";

/** How many steps the simulator makes before the event loop gets a turn. */
const STEPS = 5000;

/** One run of the user's pipeline in the simulator: on virtual time, which stands still while the user's code runs. */
export class PipelineWorld extends SimulatedWorld {
  readonly history: CollectorHistory;
  readonly faults: FaultPlan;
  readonly executions: Executions;
  readonly #setting: PipelineWorldSetting;
  readonly #collections: Collections;
  readonly #metadata: Uint8Array;
  /** The sources of each start of the distributor. */
  readonly #sources: TaskSources[] = [];
  /** What must end before time goes on: calls of the user's code, one after the other. */
  #calls: Promise<void> = Promise.resolve();
  #pending = 0;
  /** A hook has thrown, and the run cannot go on. */
  #isBroken = false;

  constructor(setting: PipelineWorldSetting) {
    const { seed, faults, options, workers } = setting;
    super({
      seed,
      duplicating: faults.duplicate,
      journal: (faults.killDistributor ?? 0) > 0 ? "process-crash" : undefined,
    });
    this.#setting = setting;
    this.#metadata = encodePayload(options.metadata, "metadata");
    this.faults = new FaultPlan(faults, this.random);
    const { examiner, onlyOverlap } = setting;
    this.executions = new Executions({
      timeline: this.timeline,
      random: this.random,
      faults: this.faults,
      onlyOverlap,
      call: (action) => this.#call(action),
      examine: ({ opened, worker, taskType, execution }, how) =>
        this.#orBreak(() => examiner.execute(opened.handler, worker.handlerName, taskType, execution, how)),
      specOf: (taskType) => [...this.distributor.core.tasks].find(({ name }) => name === taskType)?.spec,
      inject: (fault) => this.inject(fault),
      killWorker: (host) => this.killWorker(host),
    });
    this.#collections = new Collections({
      timeline: this.timeline,
      random: this.random,
      faults: this.faults,
      losesAcks: setting.losesAcks,
      call: (action) => this.#orBreak(action),
      killCollector: (host) => this.killCollector(host),
    });
    this.history = {
      handled: new Set(),
      counts: { collections: 0, repeated: 0 },
      workerOf: (taskType) => workers.get(taskType)?.handlerName ?? "",
    };
    this.begin([...workers.keys()].flatMap((name) => Array<string>(options.workerCount).fill(name)));
  }

  /** How many items each task has given to the latest distributor. */
  get given(): ReadonlyMap<string, number> {
    return new Map([...this.distributor.core.tasks].map(({ name, counts }) => [name, counts.items]));
  }

  /** Counts an event. What is lost because a role or the run has ended was lost by no fault. */
  override count(event: string, times = 1): void {
    const isOver = this.outcome !== undefined || Object.keys(this.faults.counts).length === 0;
    if (event !== "lost bye" && !(isOver && event.startsWith("lost "))) super.count(event, times);
  }

  /** Runs to the end; what is wrong is a finding. */
  async run(): Promise<void> {
    const { timeLimit } = this.#setting.options;
    let end = Number.POSITIVE_INFINITY;
    for (let steps = 1; !this.#isBroken && (this.outcome === undefined || this.unfinished > 0); steps++) {
      if (!this.timeline.step() || this.timeline.now >= end) break;
      if (this.#pending > 0 || this.#producing !== undefined) await this.#settle();
      if (this.outcome !== undefined) end = Math.min(end, this.timeline.now + PATIENCE_MS);
      else if (this.timeline.now >= timeLimit) return this.#neverEnds();
      if (steps % STEPS === 0) await turn();
    }
    this.#report();
  }

  /** Lets the sources release what they hold. An iterator that is stuck cannot be closed. */
  async close(): Promise<void> {
    for (const sources of this.#sources)
      await settlesWithin(sources.close(), this.#producing === undefined ? MAX_TIMER_MS : 0);
  }

  /** Waits until no call of the user's code is pending, and no source is producing. */
  async #settle(): Promise<void> {
    const { handlerTimeout } = this.#setting.options;
    const deadline = performance.now() + handlerTimeout;
    while (!this.#isBroken && (this.#pending > 0 || this.#producing !== undefined)) {
      await this.#calls;
      const task = this.#producing;
      if (task === undefined) continue;
      if (performance.now() > deadline) this.#neverGives(task);
      else await turn();
    }
  }

  #neverGives(taskType: string): void {
    const handler = `items of task ${JSON.stringify(taskType)}`;
    const message = `The ${handler}: no item, and no end, came within ${this.#setting.options.handlerTimeout} ms of real time (handlerTimeout)`;
    this.#setting.findings.add({ kind: "endless", message, handler, taskType });
    this.#isBroken = true;
  }

  protected override wait(pending: Promise<void>): void {
    this.#call(() => userCall("initialize() of a task", this.#setting.options.handlerTimeout, () => pending));
  }

  protected override makeDistributor(
    host: Host,
    journal: DistributorSetting["journal"],
  ): SimulatedDistributor {
    const tasks = registeredTasks(this.#setting.options.tasks);
    const sources = new TaskSources(tasks, {
      ready: (task) => distributor.sourceReady(task),
      failed: (error) => distributor.fail(error),
    });
    this.#sources.push(sources);
    const byName = new Map(tasks.map((task) => [task.taskType.name, task]));
    const distributor = new SimulatedDistributor({
      network: this.network,
      host,
      tasks: [...byName.keys()],
      keyed: new Set(tasks.filter(({ key }) => key !== undefined).map(({ taskType }) => taskType.name)),
      journal,
      // Killed workers are the test's doing: no item is to blame.
      newTicket: () => this.newTicket(),
      limits: { crashLimit: Number.MAX_SAFE_INTEGER },
      metadata: this.#metadata,
      spec: (name) => ({ ...specOf(byName.get(name) as RegisteredTask), source: sources.of(name) }),
      prepare: (earlier) => sources.prepare(decodePayload(this.#metadata), earlier),
      acked: (runId, task, data, seq) => sources.acked(runId, task, seq, data),
      count: (event) => this.count(event),
      over: (status, error) => this.over(host, status, error),
    });
    return distributor;
  }

  protected override makeWorker(host: Host, taskType: string, number: number): void {
    const { timeline, network, random } = this;
    const worker = this.#setting.workers.get(taskType) as WorkerUnderTest;
    let opened: OpenWorker | undefined;
    new SimulatedWorker({
      timeline,
      network,
      host,
      taskType,
      number,
      begin: ({ metadata }, ready) =>
        this.#call(async () => {
          opened = await this.#hook(`initWorker() for ${worker.handlerName}`, () =>
            worker.open(decodePayload(metadata)),
          );
          if (opened !== undefined) runOn(timeline, host, random.between(0, SERVICE_MS), ready);
        }),
      execute: (execution, done) =>
        this.#call(async () => {
          if (opened === undefined) return;
          const key = `${taskType}${execution.seq}`;
          await this.executions.execute({ host, opened, worker, taskType, execution, key, done });
        }),
      count: (event, times) => this.count(event, times),
      kill: () => this.killWorker(host),
      over: () => {
        this.ended(host);
        if (opened === undefined) return;
        const { close } = opened;
        this.#call(async () => await this.#hook(`closeWorker() for ${worker.handlerName}`, close));
      },
    });
  }

  protected override makeCollector(host: Host): void {
    const { timeline, network, history } = this;
    const { options, findings, snapshots, late, interruptions } = this.#setting;
    const collector = new CollectorUnderTest(options, findings, snapshots, history, late, interruptions);
    const core = startCollector({
      timeline,
      network,
      host,
      peerId: `collector${this.collectors}`,
      begin: (open) => collector.begin(open),
      handle: (delivery, more, done) =>
        this.#call(() => this.#collections.handle(host, collector, delivery, more, done)),
      finish: (status, done) =>
        this.#call(async () => {
          await this.#orBreak(() => collector.finish(status, core));
          runOn(timeline, host, 0, done);
        }),
      count: (event, times) => this.count(event, times),
      over: () => this.ended(host),
    });
  }

  /** Calls the user's code when earlier calls have ended; time stands still until then. */
  #call(action: () => Promise<unknown>): void {
    this.#pending += 1;
    this.#calls = this.#calls
      .then(() => (this.#isBroken ? undefined : action()))
      .catch((error: unknown) => this.#break(error))
      .finally(() => {
        this.#pending -= 1;
      })
      .then(() => undefined);
  }

  /** Calls a hook of the user's. What it throws is a finding, and ends the run. */
  async #hook<T>(what: string, call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await userCall(what, this.#setting.options.handlerTimeout, call);
    } catch (error) {
      const isLate = error instanceof NeverSettled;
      const message = isLate ? error.message : `${what} threw: ${describeThrown(error)}`;
      this.#setting.findings.add({ kind: isLate ? "endless" : "run", message, handler: what, error });
      this.#isBroken = true;
      return undefined;
    }
  }

  async #orBreak<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      this.#break(error);
      return undefined;
    }
  }

  /** Ends the run with an error that is no finding yet. */
  #break(error: unknown): void {
    this.#isBroken = true;
    const { findings } = this.#setting;
    if (findings.all.some((finding) => finding.error === error)) return;
    const kind = error instanceof NeverSettled ? "endless" : "run";
    findings.add({ kind, message: describeThrown(error), error });
  }

  /** A task that is producing items. */
  get #producing(): string | undefined {
    return this.#sources.at(-1)?.busy;
  }

  #neverEnds(): void {
    const { findings, options } = this.#setting;
    findings.add(openRunFinding(this.distributor.core.tasks, options.timeLimit));
  }

  /** Makes a finding of the run's error. */
  #report(): void {
    const { error } = this.outcome ?? {};
    if (error !== undefined && !this.#isBroken) this.#setting.findings.add(runErrorFinding(error));
  }
}
