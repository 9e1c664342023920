import { PipelineError } from "../../errors.ts";
import type { Hello, Open, RunStatus, Trust } from "../../protocol/batch-message.ts";
import type {
  DistributorToAckLink,
  DistributorToCollector,
  WorkerToCollector,
} from "../../protocol/message.ts";
import { ConnectionBudgets } from "../connection-budgets.ts";
import { missingPeer } from "../missing-peer.ts";
import { RoleClock } from "../role-clock.ts";
import type { CollectorCoreOptions, CollectorPhase, CollectorPort } from "./collector-port.ts";
import { collectorWelcome } from "./collector-welcome.ts";
import { DistributorConnections } from "./distributor-connections.ts";
import type { Delivery } from "./inbox.ts";
import { keepLatest } from "./keep-latest.ts";
import { RunItems } from "./run-items.ts";

/** Interval of pings to the distributor, in ms: a ping discovers a dead connection. */
const PING_MS = 1000;

/** How long the collector waits after END for the distributor's `bye`, in ms: it says that the confirmation has arrived. */
const GOODBYE_MS = 2000;

/** Most workers that wait for a run to begin. */
const MAX_WAITING = 10_000;

/**
 * The collector's state machine. It recognises every item by run, task and sequence number and hands each to the shell once. An item
 * is ACKed when it was handled, and again for each repeated delivery.
 */
export class CollectorCore {
  readonly #options: CollectorCoreOptions;
  readonly #port: CollectorPort;
  readonly #clock = new RoleClock();
  /** What workers and inspectors may cost. */
  readonly budgets: ConnectionBudgets;
  #phase: CollectorPhase = { kind: "waiting" };
  #items: RunItems;
  readonly #distributors: DistributorConnections;
  /** Hellos of workers that came before the run, by connection. */
  #waitingWorkers = new Map<string, Hello>();
  #nextPing = 0;
  /** Whether the shell handles deliveries: from `work()` until it is `idle()`. */
  #isHandling = false;
  #finished: { readonly error: Error | undefined } | undefined;

  constructor(options: CollectorCoreOptions, port: CollectorPort) {
    this.#options = options;
    this.#port = port;
    this.#distributors = new DistributorConnections(port);
    this.budgets = new ConnectionBudgets(this.#clock, (connection) => port.exceeded(connection));
    this.#items = this.#newItems([], "any");
  }

  get hasDistributor(): boolean {
    return this.#distributors.isPresent;
  }

  get runId(): string {
    return this.#phase.kind === "collecting" || this.#phase.kind === "ended" ? this.#phase.open.runId : "";
  }

  /** Deliveries that wait for the handler; none when the run is over. */
  get queued(): number {
    return this.#phase.kind === "over" ? 0 : this.#items.inbox.size;
  }

  /** Repeated deliveries, which were dropped. */
  get duplicates(): number {
    return this.#items.inbox.duplicates;
  }

  /** Results that were refused, because their items do not exist. */
  get refused(): number {
    return this.#items.refused;
  }

  /** A message on the collector's endpoint, from a worker or the distributor. */
  peerMessage(connection: string, message: WorkerToCollector | DistributorToCollector): void {
    if (this.#phase.kind === "over") return;
    const { useful } = this.#items;
    this.#peerMessage(connection, message);
    if (this.#distributors.hasOpened(connection, this.runId)) return;
    this.budgets.heard(connection, message, this.#items.useful - useful);
  }

  #peerMessage(connection: string, message: WorkerToCollector | DistributorToCollector): void {
    if (message.type === "open") return this.#open(connection, message);
    if (message.type === "hello") return this.#workerHello(connection, message);
    if (this.runId === "" || message.runId !== this.runId) return this.#stray(message);
    if (message.type === "bye") return this.#goodbye(connection);
    // A worker cannot speak for the distributor.
    const isFromWorker = message.type === "result";
    if (!isFromWorker && !this.#distributors.hasOpened(connection, this.runId)) return this.#stray(message);
    if (message.type === "end") return this.#end(message.status, message.reason);
    if (!this.#knowsTask(message.taskType)) return this.#stray(message);
    if (isFromWorker) this.#items.result(connection, message, this.#clock.now);
    else if (message.type === "failed") this.#items.failed(connection, message);
    else this.#items.told(message);
  }

  ackLinkMessage(connection: string, message: DistributorToAckLink): void {
    if (this.#phase.kind !== "over") this.#distributorHello(connection, message);
  }

  disconnected(link: "data" | "ack", connection: string): void {
    if (link === "data") {
      this.#waitingWorkers.delete(connection);
      this.budgets.disconnected(connection);
    }
    if (!this.#distributors.disconnected(link, connection, this.#clock.now)) return;
    this.#port.note("the distributor disconnected", { link });
    if (this.#phase.kind === "ended") this.#goodbye(connection);
  }

  /** Some connection ended, and the transport does not know which: pings the distributor. */
  probe(): void {
    this.#ping();
  }

  /** Takes the next delivery off the queue, if there is one. */
  next(): Delivery | undefined {
    return this.queued === 0 ? undefined : this.#items.inbox.next();
  }

  /** @param ackData - Encoded ACK data, where the handler gave any. */
  handled(delivery: Delivery, ackData: Uint8Array): void {
    if (delivery.runId === this.runId) this.#items.inbox.handled(delivery, ackData);
  }

  /** A delivery was handled, and the distributor knows: no ACK is sent unless the delivery is repeated. */
  handledAndKnown(delivery: Delivery): void {
    if (delivery.runId === this.runId) this.#items.inbox.handledAndKnown(delivery);
  }

  /** Sends the ACKs that wait, unless the distributor is not connected. */
  flush(): void {
    const connection = this.#distributors.current.ack;
    if (connection === "" || !this.#items.inbox.hasAcks) return;
    for (const ack of this.#items.inbox.takeAcks(this.runId)) this.#port.toAckLink(connection, ack);
  }

  /** The shell has handled all that `next()` gave. It begins again when `work()` is called. */
  idle(): void {
    this.#isHandling = false;
    this.flush();
    if (this.#phase.kind === "ended") this.#distributors.confirmEnd(this.runId);
  }

  /**
   * The user's hooks have seen the end of the run. The collector ends when the distributor's `bye` has arrived: a connection that is closed
   * earlier could take the confirmation with it.
   *
   * @param error - What `run()` rejects with.
   */
  finished(error?: Error): void {
    this.#finished = { error };
    this.#overIfDone();
  }

  /** Ends at once. Workers deliver what was not ACKed to the next collector. */
  abort(error?: Error): void {
    if (this.#phase.kind !== "over") this.#over(error);
  }

  tick(real: number): void {
    this.#clock.tick(real);
    this.budgets.tick();
    const now = this.#clock.now;
    if (this.#phase.kind === "over") return;
    this.#items.tick(now, this.#distributors.current.data !== "");
    this.flush();
    if (now >= this.#nextPing) this.#ping();
    if (this.#phase.kind === "ended") {
      this.#overIfDone();
    } else if (this.#distributors.missingMs(now) >= this.#options.peerTimeoutMs) {
      const { addresses = [], peerTimeoutMs } = this.#options;
      const text = "No distributor connected to the collector";
      this.#over(missingPeer(text, addresses, peerTimeoutMs, { role: "collector" }));
    }
  }

  // --- connections ----------------------------------------------------------------------------------------------------

  #open(connection: string, open: Open): void {
    if (!this.#distributors.isIntroduced(open)) return this.#distributors.wait(connection, open);
    if (open.runId !== this.runId) {
      if (this.runId !== "" && this.#distributors.isPresent) {
        const reason = `it collects run ${this.runId} of another distributor, which is still connected`;
        this.#port.toPeer(connection, { type: "refuse", runId: open.runId, reason });
        return;
      }
      this.#begin(open);
    }
    this.#items.trustBy(open.trust);
    this.#distributors.open(connection, open.runId);
    this.#port.toPeer(connection, this.#welcome());
    if (this.#distributors.current.ack !== "") return;
    for (const ackLink of this.#distributors.ackLinksOf(open.runId)) this.#takeAckLink(ackLink);
  }

  #begin(open: Open): void {
    if (this.runId !== "") this.#port.note("the earlier run was never ended", { runId: this.runId });
    this.#phase = { kind: "collecting", open };
    this.#distributors.current.ack = "";
    this.#items = this.#newItems(open.tasks, open.trust);
    this.#port.begin(open);
    const waiting = this.#waitingWorkers;
    this.#waitingWorkers = new Map();
    for (const [connection, hello] of waiting) this.#workerHello(connection, hello);
  }

  #distributorHello(connection: string, hello: Hello): void {
    this.#distributors.introduce(connection, hello);
    if (hello.runId === this.runId) this.#takeAckLink(connection);
    for (const [waiting, open] of this.#distributors.takeWaiting(hello)) this.#open(waiting, open);
  }

  #takeAckLink(connection: string): void {
    this.#distributors.current.ack = connection;
    this.#port.toAckLink(connection, this.#welcome());
    this.flush();
  }

  #workerHello(connection: string, hello: Hello): void {
    if (hello.held.length > 0) {
      const reason = "a hello to a collector names no items";
      return this.#port.toPeer(connection, { type: "refuse", runId: hello.runId, reason });
    }
    if (hello.runId === this.runId && this.runId !== "")
      return this.#port.toPeer(connection, this.#welcome());
    // A worker of another run keeps its results; its distributor tells it of the collector's run first.
    keepLatest(this.#waitingWorkers, connection, hello, MAX_WAITING);
    if (this.runId !== "") this.#stray(hello);
  }

  #welcome() {
    return collectorWelcome(this.runId, this.#options.peerId);
  }

  #newItems(tasks: readonly string[], trust: Trust): RunItems {
    return new RunItems(tasks, trust, {
      arrived: () => {
        this.#isHandling = true;
        this.#port.work();
      },
      refused: (...refused) => this.#port.refused(...refused),
      note: (...noted) => this.#port.note(...noted),
    });
  }

  #knowsTask(task: string): boolean {
    return this.#phase.kind === "collecting" && this.#items.hasTask(task);
  }

  // --- endings --------------------------------------------------------------------------------------------------------

  #end(status: RunStatus, reason: string): void {
    const begun = this.#phase.kind === "collecting";
    if (this.#phase.kind === "collecting") {
      this.#phase = { kind: "ended", open: this.#phase.open, until: this.#clock.now + GOODBYE_MS };
      // The distributor has given up what waits here. Results that it counts as open must not be handled any more.
      if (status !== "complete") this.#items.inbox.clear();
      else this.#items.close();
      this.flush();
    }
    if (!this.#isHandling) this.#distributors.confirmEnd(this.runId);
    if (!begun) return;
    const text = `The distributor has given up the run${reason === "" ? "" : `: ${reason}`}`;
    const error =
      status === "aborted" ? new PipelineError("RUN_ABORTED", text, { role: "collector" }) : undefined;
    this.#port.finish(status, error);
  }

  #goodbye(connection: string): void {
    if (this.#phase.kind !== "ended") return;
    if (connection !== this.#distributors.current.data && this.#distributors.isPresent) return;
    this.#phase = { ...this.#phase, until: this.#clock.now };
    this.#overIfDone();
  }

  #overIfDone(): void {
    if (this.#phase.kind !== "ended" || this.#finished === undefined) return;
    if (this.#clock.now >= this.#phase.until) this.#over(this.#finished.error);
  }

  #over(error: Error | undefined): void {
    this.#phase = { kind: "over" };
    this.#port.over(error);
  }

  #ping(): void {
    this.#nextPing = this.#clock.now + PING_MS;
    this.#distributors.ping(this.runId);
  }

  #stray(message: WorkerToCollector | DistributorToCollector): void {
    this.#port.note("message of another run dropped", { type: message.type });
  }
}
