import { PipelineError } from "../../errors.ts";
import type { Ack, Hello, ItemRef, RunStatus } from "../../protocol/batch-message.ts";
import type {
  AckLinkToDistributor,
  CollectorToDistributor,
  WorkerToDistributor,
} from "../../protocol/message.ts";
import { EMPTY } from "../../protocol/wire/payload-frames.ts";
import { RoleClock } from "../role-clock.ts";
import { CollectorLink } from "./collector-link.ts";
import { dispatch } from "./dispatch.ts";
import type { DistributorCoreOptions, DistributorPhase, DistributorPort } from "./distributor-port.ts";
import { Fleet, type FleetPort } from "./fleet.ts";
import { recallStalled } from "./recall.ts";
import { lackOfWorkers, lookForWorkers, tooManyFailures } from "./run-limits.ts";
import type { RunView } from "./run-view.ts";
import { Settlement } from "./settlement.ts";
import { TaskLedger } from "./task-ledger.ts";
import { TaskSet } from "./task-set.ts";
import type { TaskSpec } from "./task-spec.ts";
import { type EndingPhase, endMessage, WorkerMessages } from "./worker-messages.ts";

/** How often workers and the collector are pinged, in ms: the ping is what finds a dead connection. */
const PING_MS = 1000;

/** How often what is not answered is repeated, in ms: hello, failure reports, END. */
const REPEAT_MS = 1000;

/**
 * The distributor's state machine: the ledger, the windows, the way from the first item to END. It has no sockets, timers
 * or clock; its shell brings it messages and ticks, and carries out what it says to its port.
 */
export class DistributorCore {
  readonly #options: DistributorCoreOptions;
  readonly #port: DistributorPort;
  readonly #clock = new RoleClock();
  readonly #tasks: TaskSet;
  readonly #fleet: Fleet;
  readonly #workerMessages: WorkerMessages;
  readonly #settlement: Settlement;
  #phase: DistributorPhase = { kind: "preparing" };
  #metadata: Uint8Array = EMPTY;
  readonly #collector: CollectorLink;
  #nextPing = 0;
  #nextRepeat = 0;

  constructor(specs: readonly TaskSpec[], options: DistributorCoreOptions, port: DistributorPort) {
    this.#options = options;
    this.#port = port;
    this.#tasks = new TaskSet(specs.map((spec) => new TaskLedger(spec)));
    this.#workerMessages = new WorkerMessages(options, port);
    this.#settlement = new Settlement(options, this.#clock, port);
    this.#fleet = new Fleet(options.runId, options, this.#settlement, this.#fleetPort());
    this.#collector = new CollectorLink(
      { ...options, peerId: options.linkId, tasks: [...this.#tasks.byName.keys()] },
      port,
    );
  }

  get tasks(): Iterable<TaskLedger> {
    return this.#tasks;
  }

  get fleet(): Fleet {
    return this.#fleet;
  }

  /** What status reports need beside tasks and workers. */
  get view(): RunView {
    const missing = this.#collector.isReady ? undefined : this.#clock.now - this.#collector.missingSince;
    const { minWorkers } = this.#options;
    return {
      phase: this.#phase.kind,
      now: this.#clock.now,
      collectorMissingMs: missing,
      minWorkers,
      tasks: this.#tasks.byName,
    };
  }

  /** The tasks' sources are ready: workers are welcome. */
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
      this.#collector.hasEnded = true; // it knows nothing of this run
      this.fail(
        new PipelineError("PEER_REFUSED", `The collector refused this run: ${message.reason}`, {
          role: "distributor",
        }),
      );
      return;
    }
    if (message.runId !== this.#options.runId) return this.#stray(message);
    if (message.type === "welcome") this.#collectorWelcome(link);
    else if (message.type === "ack") this.#ack(message);
    else if (message.type === "ended") this.#collector.hasEnded = true;
    this.#settleDown();
  }

  workerMessage(connection: string, message: WorkerToDistributor): void {
    const now = this.#clock.now;
    if (message.type === "hello") {
      this.#workerHello(connection, message);
    } else if (message.type === "blocked") {
      if (message.runId !== this.#options.runId) return this.#stray(message);
      return this.workerBlocked(message.workerId, message.running, message.expired);
    } else {
      const worker = this.#fleet.heard(connection, now);
      // A worker of an earlier run, or one that was forgotten, says hello again when it is asked to.
      if (worker === undefined || message.runId !== this.#options.runId) return this.#stray(message);
      if (message.type === "ready") this.#fleet.ready(worker, message);
      else if (message.type === "fail") this.#fleet.fail(worker, message);
      else if (message.type === "returned") this.#fleet.returned(worker, message, now);
      else if (message.type === "bye") this.#fleet.bye(worker);
    }
    this.#settleDown();
  }

  /** A worker's watching thread reports its main thread, on a connection of its own. */
  workerBlocked(workerId: string, running: readonly ItemRef[], expired: boolean): void {
    const worker = this.#fleet.byId(workerId);
    if (worker === undefined) return this.#port.note("report of an unknown worker dropped", { workerId });
    this.#fleet.blocked(worker, running, expired, this.#clock.now);
    this.#settleDown();
  }

  workerDisconnected(connection: string): void {
    this.#fleet.disconnected(connection, this.#clock.now);
  }

  /** Some connection ended, it is not known which: the pings will tell. */
  probe(): void {
    this.#pingAll();
  }

  /** A source that said `"wait"` may have items now. */
  sourceReady(task: string): void {
    const state = this.#tasks.byName.get(task);
    if (state !== undefined) this.#tasks.touch(state);
    this.#settleDown();
  }

  /** Produces nothing more, waits for what is in flight, at most so long, and ends the run. */
  stop(timeout: number): void {
    if (this.#phase.kind === "preparing") this.#end("stopped", undefined);
    const until = this.#clock.now + timeout;
    if (this.#phase.kind === "stopping" && until < this.#phase.until) {
      this.#phase = { kind: "stopping", until }; // told again, to be quicker
      this.#settleDown();
    }
    if (this.#phase.kind !== "running") return;
    this.#phase = { kind: "stopping", until };
    for (const task of this.#tasks) {
      if (!task.producedAll) task.phase = "exhausted";
      this.#tasks.touch(task);
    }
    this.#settleDown();
  }

  /** Gives the run up. */
  fail(error: Error): void {
    if (this.#phase.kind === "ending" || this.#phase.kind === "over") return;
    this.#end("aborted", error);
    this.#settleDown();
  }

  tick(real: number): void {
    this.#clock.tick(real);
    const now = this.#clock.now;
    this.#fleet.tick(now);
    for (const task of this.#tasks) {
      this.#settlement.wake(task);
      lookForWorkers(task, this.#options.minWorkers, now);
      recallStalled(task, now, this.#workerMessages);
      if (task.withRoom.size > 0) this.#tasks.touch(task); // a gate may have opened, a backoff or a pause ended
    }
    for (const worker of this.#fleet.workers) this.#workerMessages.confirm(worker);
    if (now >= this.#nextPing) this.#pingAll();
    if (now >= this.#nextRepeat) this.#repeat();
    this.#checkPeers(now);
    this.#settleDown();
  }

  // --- what follows from an event -------------------------------------------------------------------------------------

  /** Serves the tasks that an event touched, and sees whether they, and the run, are complete. */
  #settleDown(): void {
    for (const task of this.#tasks.takeTouched()) {
      // What an earlier life had complete is so from `open()` on, which looks at every task.
      if (this.#phase.kind !== "running" && this.#phase.kind !== "stopping") continue;
      if (this.#collector.isReady && task.begin(this.#options.minWorkers)) {
        dispatch(task, this.#clock.now, this.#workerMessages);
      }
      if (task.phase === "exhausted" && task.items.size === 0) this.#complete(task);
    }
    const phase = this.#phase;
    if (phase.kind === "running" || phase.kind === "stopping") {
      const status = phase.kind === "running" ? "complete" : "stopped";
      const late = phase.kind === "stopping" && this.#clock.now >= phase.until;
      if (late || this.#tasks.areComplete) this.#end(status, undefined);
    } else if (phase.kind === "ending") {
      const confirmed = this.#collector.hasEnded && this.#fleet.size === 0;
      if (confirmed || this.#clock.now >= phase.until) this.#over(phase);
    }
  }

  #complete(task: TaskLedger): void {
    task.phase = "complete";
    if (this.#phase.kind !== "running") return;
    this.#port.completed(task);
    this.#tasks.openDependents(); // seen by the loop of #settleDown that runs now
  }

  #end(status: RunStatus, error: Error | undefined): void {
    // A collector that waits for a run which never began is told so as well; one that is not there cannot confirm.
    if (this.#phase.kind === "preparing" && this.#collector.isConnected) this.#collector.open(this.#metadata);
    if (status !== "complete" && !this.#collector.isConnected) this.#collector.hasEnded = true;
    this.#phase = { kind: "ending", status, error, until: this.#clock.now + this.#options.endTimeout };
    this.#nextRepeat = this.#clock.now;
    this.#repeat();
  }

  #over(phase: EndingPhase): void {
    if (!this.#collector.hasEnded) this.#port.note("END was not confirmed by the collector", {});
    if (this.#fleet.size > 0)
      this.#port.note("END was not confirmed by every worker", { workers: this.#fleet.size });
    this.#phase = { kind: "over" };
    this.#port.toCollector({ type: "bye", runId: this.#options.runId });
    this.#port.over(phase.status, phase.error);
  }

  // --- workers --------------------------------------------------------------------------------------------------------

  #workerHello(connection: string, hello: Hello): void {
    const task = this.#tasks.byName.get(hello.taskType);
    if (hello.role !== "worker" || task === undefined) {
      return this.#workerMessages.refuse(connection, hello.taskType);
    }
    const known = this.#fleet.byId(hello.peerId);
    if (known !== undefined && known.task !== task) return this.#stray(hello);
    if (this.#phase.kind === "over") return;
    const worker = this.#fleet.hello(connection, hello, task, this.#clock.now);
    if (this.#phase.kind === "ending") return this.#workerMessages.end(worker, this.#phase);
    if (this.#phase.kind !== "preparing") this.#workerMessages.welcome(worker, this.#metadata);
    // It worked for an earlier life of this distributor, which may have had ACKs for it.
    if (known === undefined && worker.held > 0 && this.#collector.isReady)
      this.#workerMessages.resend(worker);
  }

  #fleetPort(): FleetPort {
    return {
      send: (worker, message) => this.#port.toWorker(worker.connection, message),
      hasEnded: ({ id }) => this.#options.owned?.endOf(id) !== undefined,
      changed: (task) => this.#tasks.touch(task),
      note: (event, worker, facts) =>
        this.#port.note(`worker ${event}`, { worker: worker.id, taskType: worker.task.name, ...facts }),
    };
  }

  // --- the collector --------------------------------------------------------------------------------------------------

  #collectorWelcome(link: "data" | "ack"): void {
    this.#collector.welcomed(link);
    if (!this.#collector.isReady) return;
    this.#port.note("collector is ready", {});
    this.#tasks.touchAll();
    this.#nextRepeat = this.#clock.now;
    this.#repeat();
    // ACKs may have been lost with the link that was there before: what is delivered again is ACKed again.
    for (const worker of this.#fleet.workers) if (worker.held > 0) this.#workerMessages.resend(worker);
  }

  #ack(ack: Ack): void {
    const task = this.#tasks.byName.get(ack.taskType);
    if (task === undefined) return;
    this.#settlement.acked(task, ack, this.#fleet);
    this.#port.ackData(task.name, ack.ackData);
    this.#tasks.touch(task);
    if (ack.workerId !== "") return;
    const problem = tooManyFailures(this.#tasks, this.#options.maxFailures);
    if (problem !== undefined) this.fail(problem);
  }

  // --- deadlines ------------------------------------------------------------------------------------------------------

  #pingAll(): void {
    this.#nextPing = this.#clock.now + PING_MS;
    for (const worker of this.#fleet.workers) this.#workerMessages.ping(worker);
  }

  /** Sends again what has not been answered: hello, the reports of failed items, END. */
  #repeat(): void {
    this.#nextRepeat = this.#clock.now + REPEAT_MS;
    if (this.#phase.kind === "ending") {
      for (const worker of this.#fleet.workers) this.#workerMessages.end(worker, this.#phase);
      if (!this.#collector.hasEnded) this.#port.toCollector(endMessage(this.#options.runId, this.#phase));
      return;
    }
    if (this.#phase.kind !== "preparing") this.#collector.repeat(this.#metadata);
    if (!this.#collector.takesData) return;
    this.#settlement.repeat(this.#tasks, this.#clock.now - REPEAT_MS);
  }

  #checkPeers(now: number): void {
    if (this.#phase.kind !== "running") return;
    const { peerTimeout } = this.#options;
    if (!this.#collector.isReady) {
      if (now - this.#collector.missingSince < peerTimeout) return;
      const message = `No collector answered within ${peerTimeout} ms`;
      return this.fail(new PipelineError("PEER_TIMEOUT", message, { role: "distributor" }));
    }
    // A module may load for minutes: as long as its process lives, its worker is not missing.
    if (this.#options.owned?.isComing()) for (const task of this.tasks) task.tooFewWorkersSince = now;
    const problem = lackOfWorkers(this.#tasks, now, peerTimeout);
    if (problem !== undefined) this.fail(problem);
  }

  #stray(message: WorkerToDistributor | CollectorToDistributor | AckLinkToDistributor): void {
    this.#port.note("message of another run dropped", { type: message.type });
  }
}
