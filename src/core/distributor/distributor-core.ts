import { PipelineError } from "../../errors.ts";
import type { Ack, Hello, RunStatus } from "../../protocol/batch-message.ts";
import type {
  AckLinkToDistributor,
  CollectorToDistributor,
  WorkerToDistributor,
} from "../../protocol/message.ts";
import { EMPTY } from "../../protocol/wire/payload-frames.ts";
import { ConnectionBudgets } from "../connection-budgets.ts";
import { RoleClock } from "../role-clock.ts";
import { Assignments } from "./assignments.ts";
import { CollectorLink } from "./collector-link.ts";
import { dispatch } from "./dispatch.ts";
import type { DistributorCoreOptions, DistributorPhase, DistributorPort } from "./distributor-port.ts";
import { EndOfRun } from "./end-of-run.ts";
import { Fleet } from "./fleet.ts";
import type { Handled } from "./handled.ts";
import { recallStalled } from "./recall.ts";
import { hasDrained, lackOfPeers, lookForWorkers, tooManyFailures } from "./run-limits.ts";
import type { RunView } from "./run-view.ts";
import { Settlement } from "./settlement.ts";
import { TaskLedger } from "./task-ledger.ts";
import { TaskSet } from "./task-set.ts";
import type { TaskSpec } from "./task-spec.ts";
import { WorkerMessages } from "./worker-messages.ts";

/** How often unanswered messages are repeated, in ms: hello, reports of failed items, END. */
const REPEAT_MS = 1000;

/**
 * The distributor's state machine, from the first item to END. It has no sockets, timers or clock: its shell brings it messages
 * and ticks, and does what the core says to its port.
 */
export class DistributorCore {
  readonly #options: DistributorCoreOptions;
  readonly #port: DistributorPort;
  readonly #clock = new RoleClock();
  /** What workers and inspectors may cost. */
  readonly budgets: ConnectionBudgets;
  readonly #tasks: TaskSet;
  readonly #fleet: Fleet;
  readonly #assignments: Assignments;
  readonly #workerMessages: WorkerMessages;
  readonly #settlement: Settlement;
  #phase: DistributorPhase = { kind: "preparing" };
  #metadata: Uint8Array = EMPTY;
  readonly #collector: CollectorLink;
  readonly #endOfRun: EndOfRun;
  #nextRepeat = 0;

  constructor(specs: readonly TaskSpec[], options: DistributorCoreOptions, port: DistributorPort) {
    this.#options = options;
    this.#port = port;
    this.budgets = new ConnectionBudgets(this.#clock, (connection) => port.exceeded(connection));
    this.#tasks = new TaskSet(specs.map((spec) => new TaskLedger(spec)));
    this.#assignments = new Assignments(options, port);
    this.#workerMessages = new WorkerMessages(options, this.#assignments, port);
    this.#settlement = new Settlement(options, this.#clock, port);
    this.#fleet = new Fleet(options, this.#tasks, this.#workerMessages, this.#settlement, port);
    this.#collector = new CollectorLink(
      { ...options, peerId: options.linkId, tasks: [...this.#tasks.byName.keys()] },
      port,
    );
    this.#endOfRun = new EndOfRun(options.runId, this.#fleet, this.#collector, this.#workerMessages, port);
  }

  get tasks(): Iterable<TaskLedger> {
    return this.#tasks;
  }

  get fleet(): Fleet {
    return this.#fleet;
  }

  /** The state for status reports and explanations. */
  get view(): RunView {
    const { now } = this.#clock;
    return {
      phase: this.#phase.kind,
      now,
      collectorMissingMs: this.#collector.isReady ? undefined : now - this.#collector.missingSince,
      minWorkers: this.#options.minWorkers,
      tasks: this.#tasks.byName,
    };
  }

  /** Begins the run: the tasks' sources are ready, and workers are welcomed. */
  open(metadata: Uint8Array): void {
    if (this.#phase.kind !== "preparing") return;
    this.#metadata = metadata;
    this.#phase = { kind: "running" };
    this.#collector.missingSince = this.#clock.now;
    for (const task of this.#tasks) task.open(this.#clock.now);
    for (const worker of this.#fleet.workers) this.#workerMessages.welcome(worker, this.#metadata);
    if (this.#collector.isConnected) this.#collector.open(metadata);
    this.#tasks.touchAll();
    this.#settleDown();
  }

  collectorConnected(): void {
    this.#collector.connected();
    if (this.#phase.kind !== "preparing") this.#collector.open(this.#metadata);
  }

  ackLinkConnected(): void {
    this.#collector.ackLinkConnected();
  }

  collectorDisconnected(link: "data" | "ack"): void {
    this.#collector.disconnected(link, this.#clock.now);
  }

  /** A message from the collector, over either link. */
  collectorMessage(link: "data" | "ack", message: CollectorToDistributor | AckLinkToDistributor): void {
    if (message.type === "refuse") {
      this.#collector.hasEnded = true; // the collector will not confirm END: it knows nothing of this run
      const text = `The collector refused this run: ${message.reason}`;
      return this.fail(new PipelineError("PEER_REFUSED", text, { role: "distributor" }));
    }
    if (message.runId !== this.#options.runId) return this.#stray(message);
    if (message.type === "welcome") this.#collectorWelcome(link);
    else if (message.type === "ack") this.#ack(message);
    else if (message.type === "ended") this.#collector.hasEnded = true;
    this.#settleDown();
  }

  /** A collector in this process has handled results; or has taken them, to handle them later. */
  resultsHere(event: "taken" | "acked", results: readonly Handled[]): void {
    this.#settlement.report(event, results, this.#tasks, this.#fleet);
    this.#settleDown();
  }

  workerMessage(connection: string, message: WorkerToDistributor): void {
    const { changed, givenBack } = this.#fleet;
    this.#workerMessage(connection, message, this.#clock.now);
    const back = this.#fleet.givenBack - givenBack;
    this.budgets.heard(connection, message, this.#fleet.changed - changed, back);
    this.#settleDown();
  }

  #workerMessage(connection: string, message: WorkerToDistributor, now: number): void {
    if (message.type === "hello") {
      this.#workerHello(connection, message);
    } else if (message.type === "blocked") {
      if (message.runId !== this.#options.runId) return this.#stray(message);
      this.#fleet.reported(message, now);
    } else {
      const worker = this.#fleet.heard(connection, now);
      if (worker === undefined || message.runId !== this.#options.runId) return this.#stray(message);
      this.#fleet.message(worker, message, now);
    }
  }

  workerDisconnected(connection: string): void {
    this.budgets.disconnected(connection);
    this.#fleet.disconnected(connection, this.#clock.now);
  }

  /** Some connection ended, and it is not known which: the pings will show it. */
  probe(): void {
    this.#fleet.probe(this.#clock.now);
  }

  /** A source that said `"wait"` may have items now. */
  sourceReady(task: string): void {
    this.#tasks.touchNamed(task);
    this.#settleDown();
  }

  /** Produces nothing more, waits at most `timeoutMs` for the items in flight, and ends the run. */
  stop(timeoutMs: number): void {
    if (this.#phase.kind === "preparing") this.#end("stopped", undefined);
    const until = this.#clock.now + timeoutMs;
    if (this.#phase.kind === "stopping" && until < this.#phase.until) {
      this.#phase = { kind: "stopping", until }; // called again, with an earlier deadline
      this.#settleDown();
    }
    if (this.#phase.kind !== "running") return;
    this.#phase = { kind: "stopping", until };
    for (const task of this.#tasks) {
      task.cutShort();
      this.#tasks.touch(task);
    }
    this.#settleDown();
  }

  /** Gives the run up with an error. */
  fail(error: Error): void {
    if (this.#phase.kind === "ending" || this.#phase.kind === "over") return;
    this.#end("aborted", error);
    this.#settleDown();
  }

  /** @param realMs - A monotonic time. */
  tick(realMs: number): void {
    this.#clock.tick(realMs);
    this.budgets.tick();
    const now = this.#clock.now;
    this.#fleet.tick(now, this.#phase.kind === "ending");
    for (const task of this.#tasks) {
      this.#settlement.wake(task);
      lookForWorkers(task, this.#options.minWorkers, now);
      recallStalled(task, now, this.#workerMessages);
      this.#collector.produced(task, now);
      if (task.withRoom.size > 0) this.#tasks.touch(task); // a gate may have opened, a backoff or a pause ended
    }
    for (const worker of this.#fleet.workers) this.#workerMessages.confirm(worker);
    if (now >= this.#nextRepeat) this.#repeat();
    if (this.#phase.kind === "running") {
      const problem = lackOfPeers(this.#collector, this.#tasks, now, this.#options);
      if (problem !== undefined) this.fail(problem);
    }
    this.#settleDown();
  }

  /** After every event: serves the tasks that it touched, and finds out whether they, and the run, are complete. */
  #settleDown(): void {
    for (const task of this.#tasks.takeTouched()) {
      // A task that was complete before a restart is completed by `open()`, which touches every task.
      if (this.#phase.kind !== "running" && this.#phase.kind !== "stopping") continue;
      if (this.#collector.isReady && task.begin(this.#options.minWorkers)) {
        dispatch(task, this.#clock.now, this.#workerMessages);
      }
      this.#collector.produced(task, this.#clock.now);
      if (task.phase === "exhausted" && task.items.size === 0) this.#complete(task);
    }
    const phase = this.#phase;
    if (phase.kind === "running" || phase.kind === "stopping") {
      const status = phase.kind === "running" ? "complete" : "stopped";
      const { now } = this.#clock;
      const isDrained = phase.kind === "stopping" && hasDrained(phase, this.#tasks, now, this.#options);
      if (isDrained || this.#tasks.areComplete) this.#end(status, undefined);
    } else if (phase.kind === "ending") {
      if (!this.#endOfRun.isConfirmed && this.#clock.now < phase.until) return;
      this.#phase = { kind: "over" };
      this.#endOfRun.finish(phase);
    }
  }

  #complete(task: TaskLedger): void {
    task.phase = "complete";
    if (this.#phase.kind !== "running") return;
    this.#port.completed(task);
    this.#tasks.openDependents(); // the loop in #settleDown() that runs now serves them
  }

  #end(status: RunStatus, error: Error | undefined): void {
    // A collector that waits for a run which never began has to hear of its end, too; a missing collector cannot confirm it.
    if (this.#phase.kind === "preparing" && this.#collector.isConnected) this.#collector.open(this.#metadata);
    if (status !== "complete" && !this.#collector.isConnected) this.#collector.hasEnded = true;
    this.#phase = { kind: "ending", status, error, until: this.#clock.now + this.#options.endTimeoutMs };
    this.#repeat();
  }

  #workerHello(connection: string, hello: Hello): void {
    const admission = this.#fleet.admission(connection, hello);
    if (admission.kind === "impostor") return;
    if (admission.kind === "refused") return this.#workerMessages.refuse(connection, admission.reason);
    if (this.#phase.kind === "over") return;
    const worker = this.#fleet.hello(connection, hello, admission.task, this.#clock.now);
    if (this.#phase.kind === "ending") return this.#workerMessages.end(worker, this.#phase);
    if (this.#phase.kind !== "preparing") this.#workerMessages.welcome(worker, this.#metadata);
    // The worker has worked for this run before a restart of the distributor: ACKs may have been lost.
    if (!admission.isKnown && worker.held > 0 && this.#collector.isReady) this.#workerMessages.resend(worker);
  }

  #collectorWelcome(link: "data" | "ack"): void {
    this.#collector.welcomed(link);
    if (link === "data") this.#assignments.tellAll(this.#tasks);
    this.#tasks.touchAll();
    if (!this.#collector.isReady) return;
    this.#port.note("collector is ready", {});
    this.#settlement.takenMayBeLost(this.#tasks);
    this.#repeat();
    // ACKs may have been lost with the previous link: results that are delivered again are ACKed again.
    for (const worker of this.#fleet.workers) if (worker.held > 0) this.#workerMessages.resend(worker);
  }

  #ack(ack: Ack): void {
    if (!this.#tasks.byName.has(ack.taskType)) return;
    this.#settlement.report("acked", [ack], this.#tasks, this.#fleet);
    this.#port.ackData(ack.taskType, ack.ackData, ack.ackSeq);
    if (ack.workerId !== "") return;
    const problem = tooManyFailures(this.#tasks, this.#options.maxFailures);
    if (problem !== undefined) this.fail(problem);
  }

  /** Repeats what has not been answered: hello, reports of failed items, END. */
  #repeat(): void {
    this.#nextRepeat = this.#clock.now + REPEAT_MS;
    if (this.#phase.kind === "ending") return this.#endOfRun.send(this.#phase);
    if (this.#phase.kind !== "preparing") this.#collector.repeat(this.#metadata);
    if (!this.#collector.takesData) return;
    this.#settlement.repeat(this.#tasks, this.#clock.now - REPEAT_MS);
  }

  #stray({ type }: { readonly type: string }): void {
    this.#port.note("message of another run dropped", { type });
  }
}
