import { PipelineError } from "../../errors.ts";
import type { Grant, Hello, ItemPayload, ItemRef, RunStatus, Welcome } from "../../protocol/batch-message.ts";
import { MAX_REFS } from "../../protocol/bounds.ts";
import type { CollectorToWorker, DistributorToWorker } from "../../protocol/message.ts";
import type { Execution, ExecutionOutcome } from "../execution.ts";
import { missingPeer } from "../missing-peer.ts";
import { RoleClock } from "../role-clock.ts";
import { Workload } from "../workload.ts";
import { Outbox } from "./outbox.ts";
import type { WorkerCoreOptions, WorkerPhase, WorkerPort } from "./worker-port.ts";

/** How often hello is repeated until it is answered, in ms. */
const HELLO_MS = 1000;

/**
 * The worker's state machine: its local queue, the items in execution, and the outcomes in its outbox. The shell asks for the next
 * execution whenever it has a free slot, and reports the outcome.
 */
export class WorkerCore {
  readonly #options: WorkerCoreOptions;
  readonly #port: WorkerPort;
  readonly #clock = new RoleClock();
  #phase: WorkerPhase = { kind: "waiting" };
  readonly #load: Workload<Execution>;
  readonly #outbox: Outbox;
  /** The worker's ticket in its run, which it shows where it has to prove that it is this worker. */
  ticket = "";
  /** A peer is ready when it has answered hello on this connection. The collector is greeted once a run is known. */
  #collector: "down" | "connected" | "greeted" | "ready" = "down";
  #distributor: "down" | "greeted" | "ready" = "down";
  #nextHello = 0;
  #missingSince = 0;

  constructor(options: WorkerCoreOptions, port: WorkerPort) {
    this.#options = options;
    this.#port = port;
    this.#load = new Workload<Execution>({
      keyOf: ({ seq }) => seq,
      abandon: (execution) => {
        port.abandon(execution);
        return false;
      },
    });
    this.#outbox = new Outbox({
      results: (items, busyMs) => this.#results(items, busyMs),
      fail: (fail) => port.toDistributor(fail),
      isOpen: () => this.#collector === "ready",
    });
  }

  get runId(): string {
    return this.#phase.kind === "waiting" || this.#phase.kind === "over" ? "" : this.#phase.runId;
  }

  get present(): { readonly distributor: boolean; readonly collector: boolean } {
    return { distributor: this.#distributor === "ready", collector: this.#collector === "ready" };
  }

  distributorConnected(): void {
    this.#distributor = "greeted";
    this.#nextHello = this.#clock.now + HELLO_MS;
    this.#hello(this.#port.toDistributor, this.ticket, this.#held());
  }

  distributorDisconnected(): void {
    if (this.#distributor !== "down") this.#missingSince = this.#clock.now;
    this.#distributor = "down";
  }

  collectorConnected(): void {
    this.#collector = "connected";
    this.#greetCollector();
  }

  collectorDisconnected(): void {
    this.#collector = "down";
  }

  distributorMessage(message: DistributorToWorker): void {
    if (this.#phase.kind === "over") return;
    if (message.type === "refuse") {
      const { taskType } = this.#options;
      const text = `The distributor refused this worker: ${message.reason}`;
      return this.#over(undefined, new PipelineError("PEER_REFUSED", text, { role: "worker", taskType }));
    }
    if (message.type === "welcome") return this.#welcome(message);
    if (message.type === "end" && (message.runId === this.runId || this.#phase.kind === "waiting")) {
      this.#port.toDistributor({ type: "bye", runId: message.runId });
      return this.#over(message.status, undefined);
    }
    if (message.runId !== this.runId) return this.#stray(message);
    if (message.type === "grant") this.#grant(message);
    else if (message.type === "recall") this.#giveBack(message.count);
    else if (message.type === "revoke") this.#load.revoke(message.items);
    else if (message.type === "resend") this.#outbox.resendResults(this.#clock.now);
    else if (message.type === "ping") this.#port.toDistributor({ type: "pong", runId: this.runId });
  }

  collectorMessage(message: CollectorToWorker): void {
    if (message.type === "refuse") {
      this.#port.note("the collector refused this worker", { reason: message.reason });
    } else if (message.runId !== this.runId) {
      this.#stray(message);
    } else {
      // The connection is new, or the collector was started again.
      this.#collector = "ready";
      this.#outbox.resendResults(this.#clock.now);
    }
  }

  /** The shell has initialised the user's worker for a run. */
  initialised(runId: string): void {
    if (this.#phase.kind !== "initialising" || this.#phase.runId !== runId) return;
    this.#phase = { kind: "working", runId };
    this.#ready();
  }

  /** The worker executes another number of items at a time. */
  resized(): void {
    if (this.#phase.kind === "working" && this.#distributor === "ready") this.#ready();
  }

  /** What waits in the local queue; 0 is the next. */
  upcoming(index: number): Execution | undefined {
    return this.#load.upcoming(index);
  }

  /** Takes the next item off the queue, if there is one. */
  next(): Execution | undefined {
    return this.#load.next();
  }

  /**
   * An execution ended.
   *
   * @param busyMs - Time its handler took.
   * @param real - The time now, in ms, of the clock that `tick` gets.
   * @param more - More executions that have ended follow at once: the batch waits for them.
   * @returns Whether anything was sent because of it.
   */
  finished(
    execution: Execution,
    outcome: ExecutionOutcome,
    busyMs: number,
    real: number,
    more = false,
  ): boolean {
    if (!this.#load.ended(execution)) return false;
    const { seq, attempt } = execution;
    const now = this.#clock.now;
    let sent = true;
    if (outcome.ok) {
      this.#outbox.addResult({ seq, attempt, payload: outcome.payload }, busyMs, real);
      sent = execution.solo || (!more && this.#flushIsDue(real));
      if (sent) this.#outbox.flush();
    } else {
      const { error, retryable } = outcome;
      this.#outbox.addFail({ type: "fail", runId: this.runId, seq, attempt, retryable, error }, now);
    }
    this.#leaveIfDone();
    return sent;
  }

  /** The worker was reported as blocked, and is blocked no longer. */
  unblocked(): void {
    if (this.runId !== "") this.#port.toDistributor({ type: "pong", runId: this.runId });
  }

  /** Takes no more items, gives back those not started, and ends when the running ones are confirmed. */
  leave(): void {
    if (this.#phase.kind === "waiting" || this.#phase.kind === "initialising")
      return this.#over("stopped", undefined);
    if (this.#phase.kind !== "working") return;
    this.#phase = { kind: "leaving", runId: this.#phase.runId };
    this.#giveBack(Number.POSITIVE_INFINITY);
    this.#outbox.flush();
    this.#leaveIfDone();
  }

  /** Ends at once. Unconfirmed items go to other workers when the distributor sees that this one is gone. */
  abort(error?: Error): void {
    if (this.#phase.kind !== "over") this.#over("stopped", error);
  }

  tick(real: number): void {
    this.#clock.tick(real);
    const now = this.#clock.now;
    if (this.#phase.kind === "over") return;
    if (this.#flushIsDue(real)) this.#outbox.flush();
    const again = this.#outbox.tick(now);
    if (again > 0) this.#port.note("unconfirmed outcomes are sent again", { count: again });
    if (now >= this.#nextHello) this.#repeatHello();
    if (this.#distributor === "down" && now - this.#missingSince >= this.#options.peerTimeoutMs) {
      const { peerTimeoutMs, taskType, endpoint } = this.#options;
      const facts = { role: "worker", taskType };
      this.#over(undefined, missingPeer("No distributor answered", [endpoint], peerTimeoutMs, facts));
    }
  }

  #hello(send: (message: Hello) => void, ticket: string, held: readonly ItemRef[]): void {
    const { workerId: peerId, taskType } = this.#options;
    send({ type: "hello", runId: this.runId, role: "worker", peerId, taskType, ticket, held });
  }

  /** Says hello again where the answer takes long, or is lost. */
  #repeatHello(): void {
    this.#nextHello = this.#clock.now + HELLO_MS;
    if (this.#distributor === "greeted") this.#hello(this.#port.toDistributor, this.ticket, this.#held());
    if (this.#collector === "greeted") this.#hello(this.#port.toCollector, "", []);
  }

  #greetCollector(): void {
    if (this.#collector !== "connected" || this.runId === "") return;
    this.#collector = "greeted";
    this.#hello(this.#port.toCollector, "", []);
  }

  #welcome(welcome: Welcome): void {
    this.#distributor = "ready";
    this.ticket = welcome.ticket;
    if (welcome.runId === this.runId) {
      if (this.#phase.kind === "working") this.#ready();
      else if (this.#phase.kind === "leaving") this.#giveBack(0);
      return;
    }
    if (this.runId !== "") {
      this.#port.note("the distributor began another run", { runId: welcome.runId });
      this.#dropRun();
    }
    this.#phase = { kind: "initialising", runId: welcome.runId };
    this.#greetCollector();
    this.#port.begin(welcome);
  }

  #ready(): void {
    this.#port.toDistributor({ type: "ready", runId: this.runId, concurrency: this.#options.concurrency });
  }

  #results(items: readonly ItemPayload[], busyMs: number): void {
    const { workerId, taskType } = this.#options;
    const { runId, ticket } = this;
    this.#port.toCollector({ type: "result", runId, taskType, workerId, ticket, busyMs, items });
  }

  #grant(grant: Grant): void {
    this.#load.drop(grant.settled.filter((seq) => !this.#outbox.settle(seq)));
    for (const ref of grant.failuresSeen) this.#outbox.failureSeen(ref);
    for (const { seq } of grant.items) this.#outbox.settle(seq); // a FAIL that has arrived, or there would be no further attempt
    const { runId: sourceId, solo } = grant;
    for (const { seq, attempt, payload } of grant.items)
      this.#load.add({ sourceId, seq, attempt, payload, solo, context: "" });
    if (this.#phase.kind === "leaving" && grant.items.length > 0) this.#giveBack(this.#load.queued);
    this.#leaveIfDone();
    if (grant.items.length > 0) this.#port.work();
  }

  /** Gives back up to `count` items that have not begun, the last ones first. The message is sent even when there are none. */
  #giveBack(count: number): void {
    const items = this.#load.giveBack(count);
    const taken = items.length < count ? this.#port.takeBack(count - items.length) : [];
    const unbegun = taken.filter((execution) => this.#load.ended(execution));
    for (const { seq, attempt } of unbegun) items.push({ seq, attempt });
    const leaving = this.#phase.kind === "leaving";
    this.#port.toDistributor({ type: "returned", runId: this.runId, leaving, items });
  }

  #flushIsDue(real: number): boolean {
    // A slot without work waits for what the results bring back.
    const { queued, running } = this.#load;
    const starving = queued === 0 && running < this.#options.concurrency;
    return this.#outbox.flushIsDue(starving ? 0 : queued + running, real);
  }

  #held(): ItemRef[] {
    return [...this.#load.refs, ...this.#outbox.refs].slice(0, MAX_REFS); // what is not named goes to other workers
  }

  #leaveIfDone(): void {
    if (this.#phase.kind !== "leaving" || this.#load.running > 0 || this.#outbox.size > 0) return;
    this.#port.toDistributor({ type: "bye", runId: this.runId });
    this.#over("stopped", undefined);
  }

  #dropRun(): void {
    this.#load.clear();
    this.#outbox.clear();
    if (this.#collector !== "down") this.#collector = "connected";
  }

  #over(status: RunStatus | undefined, error: Error | undefined): void {
    this.#dropRun();
    this.#phase = { kind: "over" };
    this.#port.over(status, error);
  }

  #stray(message: DistributorToWorker | CollectorToWorker): void {
    this.#port.note("message of another run dropped", { type: message.type });
  }
}
