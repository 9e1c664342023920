import { PipelineError } from "../../errors.ts";
import type { Failed, Hello, Message, Open, Result, RunStatus } from "../../protocol/message.ts";
import { EMPTY } from "../../protocol/wire/payload-frames.ts";
import { RoleClock } from "../role-clock.ts";
import type { CollectorCoreOptions, CollectorPhase, CollectorPort } from "./collector-port.ts";
import { type Delivery, Inbox } from "./inbox.ts";

/** How often the distributor is pinged, in ms: the ping is what finds a dead connection. */
const PING_MS = 1000;

/** After END, how long to wait for the distributor's goodbye, in ms: it tells that the confirmation has arrived. */
const GOODBYE_MS = 2000;

/** Most workers that may wait for a run to begin. */
const MAX_WAITING = 10_000;

/** Most distributors that are known of at a time: one works, others may be about to take over. */
const MAX_DISTRIBUTORS = 100;

/**
 * The collector's state machine: recognises every item by run, task and sequence number, hands each to the shell once, and
 * ACKs it after it was handled, again whenever it is delivered again.
 */
export class CollectorCore {
  readonly #options: CollectorCoreOptions;
  readonly #port: CollectorPort;
  readonly #clock = new RoleClock();
  #phase: CollectorPhase = { kind: "waiting" };
  #inbox = new Inbox();
  readonly #connections = { distributor: "", ack: "" };
  /** Workers that came before the run. */
  #waitingWorkers = new Map<string, Hello>();
  /** Distributors on the ACK link, where nobody else is let in: who opens a run must be one of them. */
  readonly #introduced = new Map<string, Hello>();
  /** Those who have opened a run: its id. There may be several, of which all but one are dead. */
  readonly #opened = new Map<string, string>();
  /** Those who would open a run, and are not introduced yet. */
  readonly #waitingOpens = new Map<string, Open>();
  #missingSince = 0;
  #nextPing = 0;
  #finished: { readonly error: Error | undefined } | undefined;

  constructor(options: CollectorCoreOptions, port: CollectorPort) {
    this.#options = options;
    this.#port = port;
  }

  get runId(): string {
    return this.#phase.kind === "collecting" || this.#phase.kind === "ended" ? this.#phase.open.runId : "";
  }

  /** Deliveries that wait for the handler; none when the run is over. */
  get queued(): number {
    return this.#phase.kind === "over" ? 0 : this.#inbox.size;
  }

  /** Deliveries that were received again, and dropped. */
  get duplicates(): number {
    return this.#inbox.duplicates;
  }

  /** A message on the collector's own endpoint, from a worker or the distributor. */
  peerMessage(connection: string, message: Message): void {
    if (this.#phase.kind === "over") return;
    if (message.type === "open") return this.#open(connection, message);
    if (message.type === "hello") return this.#workerHello(connection, message);
    if (this.runId === "" || message.runId !== this.runId) return this.#stray(message);
    if (message.type === "result") return this.#result(message);
    if (message.type === "bye") return this.#goodbye(connection);
    // A worker cannot speak for the distributor.
    if (this.#opened.get(connection) !== this.runId) return this.#stray(message);
    if (message.type === "failed") this.#failed(message);
    else if (message.type === "end") this.#end(message.status, message.reason);
  }

  ackLinkMessage(connection: string, message: Message): void {
    if (this.#phase.kind !== "over" && message.type === "hello") this.#distributorHello(connection, message);
  }

  disconnected(link: "data" | "ack", connection: string): void {
    if (link === "ack") this.#introduced.delete(connection);
    else {
      this.#waitingWorkers.delete(connection);
      this.#waitingOpens.delete(connection);
      this.#opened.delete(connection);
    }
    const role = link === "data" ? "distributor" : "ack";
    if (this.#connections[role] !== connection || connection === "") return;
    if (this.#distributorPresent) this.#missingSince = this.#clock.now;
    this.#connections[role] = "";
    this.#port.note("the distributor disconnected", { link });
    if (this.#phase.kind === "ended") this.#goodbye(connection);
  }

  /** Some connection ended, it is not known which: the ping will tell. */
  probe(): void {
    this.#ping();
  }

  /** Takes the next delivery off the queue, if there is one. */
  next(): Delivery | undefined {
    return this.queued === 0 ? undefined : this.#inbox.next();
  }

  /** @param ackData - Encoded ACK data, where the handler gave any. */
  handled(delivery: Delivery, ackData: Uint8Array): void {
    if (delivery.runId === this.runId) this.#inbox.handled(delivery, ackData);
  }

  /** Sends the ACKs that wait. They go on waiting while the distributor is away. */
  flush(): void {
    const connection = this.#connections.ack;
    if (connection === "" || !this.#inbox.hasAcks) return;
    for (const ack of this.#inbox.takeAcks(this.runId)) this.#port.toAckLink(connection, ack);
  }

  /**
   * The user has been told of the end. The collector is over when the distributor has said goodbye: closing earlier could
   * lose the confirmation on its way, unread messages end with their connection.
   *
   * @param error - What `run()` is to reject with.
   */
  finished(error?: Error): void {
    this.#finished = { error };
    this.#overIfDone();
  }

  /** Ends at once. What was not ACKed is delivered to another collector. */
  abort(error?: Error): void {
    if (this.#phase.kind !== "over") this.#over(error);
  }

  tick(real: number): void {
    this.#clock.tick(real);
    const now = this.#clock.now;
    if (this.#phase.kind === "over") return;
    this.flush();
    if (now >= this.#nextPing) this.#ping();
    if (this.#phase.kind === "ended") {
      this.#overIfDone();
    } else if (!this.#distributorPresent && now - this.#missingSince >= this.#options.peerTimeout) {
      const message = `No distributor answered within ${this.#options.peerTimeout} ms`;
      this.#over(new PipelineError("PEER_TIMEOUT", message, { role: "collector" }));
    }
  }

  // --- who is there ---------------------------------------------------------------------------------------------------

  get #distributorPresent(): boolean {
    return this.#connections.distributor !== "" || this.#connections.ack !== "";
  }

  #open(connection: string, open: Open): void {
    const isIntroduced = [...this.#introduced.values()].some(
      ({ runId, peerId }) => runId === open.runId && peerId === open.peerId,
    );
    if (!isIntroduced) {
      return keepLatest(this.#waitingOpens, connection, open);
    }
    if (open.runId !== this.runId) {
      if (this.runId !== "" && this.#distributorPresent) {
        const reason = `it collects run ${this.runId} of another distributor, which is still connected`;
        this.#port.toPeer(connection, { type: "refuse", runId: open.runId, reason });
        return;
      }
      this.#begin(open);
    }
    keepLatest(this.#opened, connection, open.runId);
    this.#connections.distributor = connection;
    this.#port.toPeer(connection, this.#welcome());
    if (this.#connections.ack !== "") return;
    for (const [introduced, hello] of this.#introduced) this.#takeAckLink(introduced, hello);
  }

  #begin(open: Open): void {
    if (this.runId !== "") this.#port.note("the earlier run was never ended", { runId: this.runId });
    this.#phase = { kind: "collecting", open };
    this.#connections.ack = "";
    this.#inbox = new Inbox();
    this.#port.begin(open);
    const waiting = this.#waitingWorkers;
    this.#waitingWorkers = new Map();
    for (const [connection, hello] of waiting) this.#workerHello(connection, hello);
  }

  #distributorHello(connection: string, hello: Hello): void {
    keepLatest(this.#introduced, connection, hello);
    this.#takeAckLink(connection, hello);
    for (const [waiting, open] of this.#waitingOpens) {
      if (open.runId !== hello.runId || open.peerId !== hello.peerId) continue;
      this.#waitingOpens.delete(waiting);
      this.#open(waiting, open);
    }
  }

  #takeAckLink(connection: string, { runId }: Hello): void {
    if (runId !== this.runId) return;
    this.#connections.ack = connection;
    this.#port.toAckLink(connection, this.#welcome());
    this.flush();
  }

  #workerHello(connection: string, hello: Hello): void {
    if (hello.runId === this.runId && this.runId !== "")
      return this.#port.toPeer(connection, this.#welcome());
    // A worker of a run that is not ours keeps what it has; it hears of our run from its distributor first.
    if (this.#waitingWorkers.size < MAX_WAITING) this.#waitingWorkers.set(connection, hello);
    if (this.runId !== "") this.#stray(hello);
  }

  #welcome(): Message {
    const { peerId } = this.#options;
    return {
      type: "welcome",
      runId: this.runId,
      role: "collector",
      peerId,
      timeout: 0,
      context: "",
      metadata: EMPTY,
    };
  }

  // --- items ----------------------------------------------------------------------------------------------------------

  #result(result: Result): void {
    const { runId, taskType: task, workerId } = result;
    if (!this.#knowsTask(task)) return this.#stray(result);
    const busy = result.busy / result.items.length;
    this.#inbox.add({ runId, task, workerId, busy, items: result.items });
    this.#port.work();
  }

  #failed(failed: Failed): void {
    const { runId, taskType: task, seq, attempts, payload, error } = failed;
    if (!this.#knowsTask(task)) return this.#stray(failed);
    const items = [{ seq, attempt: attempts, payload }];
    this.#inbox.add({ runId, task, workerId: "", busy: 0, items, error });
    this.#port.work();
  }

  #knowsTask(task: string): boolean {
    return this.#phase.kind === "collecting" && this.#phase.open.tasks.includes(task);
  }

  // --- endings --------------------------------------------------------------------------------------------------------

  #end(status: RunStatus, reason: string): void {
    const begun = this.#phase.kind === "collecting";
    if (this.#phase.kind === "collecting") {
      this.#phase = { kind: "ended", open: this.#phase.open, until: this.#clock.now + GOODBYE_MS };
      this.flush();
    }
    const { ack, distributor } = this.#connections;
    const ended: Message = { type: "ended", runId: this.runId };
    if (ack !== "") this.#port.toAckLink(ack, ended);
    else if (distributor !== "") this.#port.toPeer(distributor, ended);
    if (!begun) return;
    const text = `The distributor gave the run up${reason === "" ? "" : `: ${reason}`}`;
    const error =
      status === "aborted" ? new PipelineError("RUN_ABORTED", text, { role: "collector" }) : undefined;
    this.#port.finish(status, error);
  }

  #goodbye(connection: string): void {
    if (this.#phase.kind !== "ended") return;
    if (connection !== this.#connections.distributor && this.#distributorPresent) return;
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
    const { ack, distributor } = this.#connections;
    const ping: Message = { type: "ping", runId: this.runId };
    if (ack !== "") this.#port.toAckLink(ack, ping);
    if (distributor !== "") this.#port.toPeer(distributor, ping);
  }

  #stray(message: Message): void {
    this.#port.note("message of another run dropped", { type: message.type });
  }
}

/** Forgets the oldest: most of those who are gone are not noticed. */
function keepLatest<T>(map: Map<string, T>, connection: string, value: T): void {
  map.delete(connection);
  map.set(connection, value);
  for (const oldest of map.keys()) {
    if (map.size <= MAX_DISTRIBUTORS) return;
    map.delete(oldest);
  }
}
