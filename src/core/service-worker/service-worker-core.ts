import { PipelineError } from "../../errors.ts";
import type { ItemPayload, ItemRef } from "../../protocol/batch-message.ts";
import { BATCH_BYTES, REQUEST_BATCH_ITEMS } from "../../protocol/limits.ts";
import type { ServiceToWorker } from "../../protocol/message.ts";
import type { Assign } from "../../protocol/service-message.ts";
import type { ExecutionOutcome } from "../execution.ts";
import { missingPeer } from "../missing-peer.ts";
import { RoleClock } from "../role-clock.ts";
import { Workload } from "../workload.ts";
import type {
  ServiceExecution,
  ServiceWorkerOptions,
  ServiceWorkerPhase,
  ServiceWorkerPort,
} from "./service-worker-port.ts";

/** How often hello is repeated until it is answered, in ms. */
const HELLO_MS = 1000;

/** Longest time that a reply waits for others, in ms: a message costs about 0.02 ms, and a client waits for this one. */
export const FLUSH_MS = 1;

/**
 * The state machine of a service worker: its local queue, the requests in execution, and the replies to be sent. Requests belong
 * to one connection. When it ends, the service gives them to other workers, or fails them.
 */
export class ServiceWorkerCore {
  readonly #options: ServiceWorkerOptions;
  readonly #port: ServiceWorkerPort;
  readonly #clock = new RoleClock();
  readonly #load: Workload<ServiceExecution>;
  #phase: ServiceWorkerPhase = "waiting";
  #link: "down" | "greeted" | "ready" = "down";
  /** The run of the service that this worker works for. */
  #runId = "";
  #replies: ItemPayload[] = [];
  #bytes = 0;
  #busyMs = 0;
  /** When the oldest of the replies was added. */
  #since = 0;
  #nextHello = 0;
  #missingSince = 0;

  constructor(options: ServiceWorkerOptions, port: ServiceWorkerPort) {
    this.#options = options;
    this.#port = port;
    this.#load = new Workload<ServiceExecution>({
      keyOf: ({ requestId }) => requestId,
      abandon: (execution) => port.abandon(execution),
    });
  }

  /** The run of the service that this worker works for; empty: none yet. */
  get hasService(): boolean {
    return this.#link === "ready";
  }

  get runId(): string {
    return this.#runId;
  }

  /** The worker was reported as blocked, and is blocked no longer: the service waits to hear from it. */
  unblocked(): void {
    if (this.#link === "ready" && this.#phase !== "over") this.#returned([]);
  }

  connected(): void {
    this.#link = "greeted";
    this.#hello();
  }

  disconnected(): void {
    if (this.#link !== "down") this.#missingSince = this.#clock.now;
    this.#link = "down";
    this.#drop();
    if (this.#phase === "leaving") this.#over(undefined);
  }

  message(message: ServiceToWorker): void {
    if (this.#phase === "over") return;
    if (message.type === "welcome") return this.#welcome(message.runId);
    if (message.type === "refuse") {
      const text = `The service refused this worker: ${message.reason}`;
      return this.#over(new PipelineError("PEER_REFUSED", text, this.#facts()));
    }
    if (message.runId !== this.#runId && !(message.type === "end" && this.#runId === ""))
      return this.#stray(message);
    if (message.type === "assign") this.#assign(message);
    else if (message.type === "cancel") this.#cancel(message.items);
    else if (message.type === "recall") this.#giveBack(message.count);
    else if (message.type === "end") this.#end(message.runId);
  }

  /** The shell has initialised the user's worker. */
  initialised(): void {
    if (this.#phase !== "initialising") return;
    this.#phase = "working";
    this.#ready();
  }

  /** The worker executes another number of requests at a time. */
  resized(): void {
    if (this.#phase === "working") this.#ready();
  }

  /** A request in the local queue; 0 is the next. */
  upcoming(index: number): ServiceExecution | undefined {
    return this.#load.upcoming(index);
  }

  /** Takes the next request off the queue, if there is one. */
  next(): ServiceExecution | undefined {
    return this.#load.next();
  }

  /**
   * A request was executed.
   *
   * @param busyMs - Time its handler took.
   * @param real - The time now, in ms, of the clock that `tick` gets.
   * @returns Whether anything was sent because of it. The shell calls `rest` when it can start no more requests at once.
   */
  finished(execution: ServiceExecution, outcome: ExecutionOutcome, busyMs: number, real: number): boolean {
    const { requestId, attempt } = execution;
    if (!this.#load.ended(execution)) return false; // its connection has ended
    if (outcome.ok) {
      if (this.#replies.length === 0) this.#since = real - busyMs;
      this.#replies.push({ seq: requestId, attempt, payload: outcome.payload });
      this.#bytes += outcome.payload.length;
      this.#busyMs += busyMs;
      const isFull = this.#replies.length >= REQUEST_BATCH_ITEMS || this.#bytes >= BATCH_BYTES;
      if (!isFull && real - this.#since < FLUSH_MS) return false;
      this.flush();
    } else {
      const origin = outcome.isGivenUp ? "worker" : "handler";
      const items = [{ seq: requestId, attempt }];
      this.#port.send({ type: "failure", runId: this.#runId, origin, error: outcome.error, items });
    }
    return true;
  }

  /** No handler can be started now: the replies are sent, unless others are about to be ready. */
  rest(): void {
    if (this.#phase === "leaving") return this.flush();
    if (this.#replies.length === 0) return;
    if (this.#load.queued === 0) this.#port.flushSoon();
    else this.#port.flushLater();
  }

  /** Sends the replies that wait. */
  flush(): void {
    if (this.#replies.length > 0) {
      const busyMs = this.#busyMs;
      this.#port.send({ type: "reply", runId: this.#runId, busyMs, items: this.#replies });
      this.#dropReplies();
    }
    this.#leaveIfDone();
  }

  /** Takes no more requests, gives back those not started, and ends when the running ones are answered. */
  leave(): void {
    if (this.#phase === "over" || this.#phase === "leaving") return;
    if (this.#phase !== "working" || this.#link === "down") return this.#over(undefined);
    this.#phase = "leaving";
    this.#giveBack(this.#load.queued);
    this.flush();
  }

  /** Ends at once. */
  abort(error?: Error): void {
    if (this.#phase !== "over") this.#over(error);
  }

  tick(real: number): void {
    this.#clock.tick(real);
    if (this.#phase === "over") return;
    const now = this.#clock.now;
    if (this.#link === "greeted" && now >= this.#nextHello) this.#hello();
    const { peerTimeoutMs, endpoint } = this.#options;
    if (this.#link === "down" && now - this.#missingSince >= peerTimeoutMs) {
      this.#over(missingPeer("No service answered", [endpoint], peerTimeoutMs, this.#facts()));
    }
  }

  #welcome(runId: string): void {
    this.#link = "ready";
    if (runId !== this.#runId) this.#drop();
    this.#runId = runId;
    if (this.#phase === "working") this.#ready();
    if (this.#phase !== "waiting") return;
    this.#phase = "initialising";
    this.#port.begin();
  }

  #assign({ clients, items }: Assign): void {
    for (const { seq: requestId, attempt, payload, clientIndex, clientSeq: seq, context } of items) {
      const sourceId = clients[clientIndex] ?? "";
      this.#load.add({ requestId, sourceId, seq, attempt, payload, solo: true, context });
    }
    if (this.#phase === "leaving") this.#giveBack(this.#load.queued);
    else this.#port.work();
  }

  #cancel(items: readonly ItemRef[]): void {
    const dropped = this.#load.drop(items.map(({ seq }) => seq));
    if (dropped.length > 0) this.#returned(dropped);
  }

  /** Gives back up to `count` requests from the end of the queue. The message is sent even when there are none. */
  #giveBack(count: number): void {
    this.#returned(this.#load.giveBack(count).reverse());
  }

  #returned(items: readonly ItemRef[]): void {
    this.#port.send({ type: "returned", runId: this.#runId, leaving: this.#phase === "leaving", items });
  }

  #end(runId: string): void {
    this.flush();
    this.#port.send({ type: "bye", runId });
    this.#over(undefined);
  }

  #leaveIfDone(): void {
    if (this.#phase !== "leaving" || this.#load.running > 0) return;
    this.#port.send({ type: "bye", runId: this.#runId });
    this.#over(undefined);
  }

  #over(error: Error | undefined): void {
    this.#phase = "over";
    this.#drop();
    this.#port.over(error);
  }

  /** Drops all that belongs to a connection that has ended. */
  #drop(): void {
    this.#load.clear();
    this.#dropReplies();
    this.#runId = "";
  }

  #dropReplies(): void {
    this.#replies = [];
    this.#bytes = 0;
    this.#busyMs = 0;
  }

  #hello(): void {
    this.#nextHello = this.#clock.now + HELLO_MS;
    const { workerId, taskType } = this.#options;
    this.#port.send({
      type: "hello",
      runId: "",
      role: "serviceworker",
      peerId: workerId,
      taskType,
      ticket: "",
      held: [],
    });
  }

  #ready(): void {
    if (this.#link !== "ready") return;
    this.#port.send({ type: "ready", runId: this.#runId, concurrency: this.#options.concurrency });
  }

  #facts() {
    return { role: "serviceworker", taskType: this.#options.taskType };
  }

  #stray(message: ServiceToWorker): void {
    this.#port.note("message out of place dropped", { type: message.type });
  }
}
