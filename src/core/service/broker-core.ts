import type { End, Refuse, Welcome } from "../../protocol/batch-message.ts";
import type { ClientToService, WorkerToService } from "../../protocol/message.ts";
import { EMPTY } from "../../protocol/wire/payload-frames.ts";
import { ConnectionBudgets } from "../connection-budgets.ts";
import type { Explanation } from "../explanation.ts";
import { PingSchedule } from "../ping-schedule.ts";
import { RoleClock } from "../role-clock.ts";
import { BrokerClients } from "./broker-clients.ts";
import { BrokerFleet } from "./broker-fleet.ts";
import type { BrokerWorker } from "./broker-worker.ts";
import { explainType } from "./explain-type.ts";
import { OutgoingMessages, type OutgoingMessagesPort } from "./outgoing-messages.ts";
import { type BrokerCounts, RequestLedger, type RequestLedgerOptions } from "./request-ledger.ts";
import type { BrokerClient } from "./service-request.ts";
import type { TypeQueue } from "./type-queue.ts";

/** How often END is repeated until it is confirmed, in ms. */
const END_MS = 500;

/** Longest wait for clients to confirm END, in ms. Requests that clients send meanwhile are refused, and not lost. */
const CLIENT_END_MS = 500;

export interface BrokerOptions extends RequestLedgerOptions {
  readonly runId: string;
  readonly peerId: string;
  /** Whether workers end when the service stops. */
  readonly endWorkers: boolean;
  /** Longest wait for workers to confirm END, in ms. */
  readonly endTimeoutMs: number;
}

export interface BrokerPort extends OutgoingMessagesPort {
  /** Messages have gathered: the shell calls `flush` soon. */
  flushSoon(): void;
  over(): void;
  /** A peer's connection has cost too much without being of use: it is not to be heard any more. */
  exceeded(connection: string): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

type Phase =
  | { readonly kind: "running" }
  /** Takes no new requests. */
  | { readonly kind: "draining"; readonly until: number }
  /** Waits until workers and clients have confirmed END. */
  | { readonly kind: "ending"; readonly until: number; readonly clientsUntil: number }
  | { readonly kind: "over" };

/**
 * The service's state machine: the connected peers, the requests that wait, and the choice of a worker for each request. The core
 * has no sockets, timers or clock; its shell passes in messages and ticks.
 */
export class BrokerCore {
  readonly #options: BrokerOptions;
  readonly #port: BrokerPort;
  readonly #clock = new RoleClock();
  /** What clients, workers and inspectors may cost. */
  readonly budgets: ConnectionBudgets;
  readonly #messages: OutgoingMessages;
  readonly #ledger: RequestLedger;
  readonly #fleet: BrokerFleet;
  readonly #clients: BrokerClients;
  /** Connections of workers that have sent `bye`. They are pinged until they end. */
  readonly #departed = new Set<string>();
  #phase: Phase = { kind: "running" };
  readonly #pings = new PingSchedule();
  #nextEnd = 0;

  constructor(options: BrokerOptions, port: BrokerPort) {
    this.#options = options;
    this.#port = port;
    this.budgets = new ConnectionBudgets(this.#clock, (connection) => port.exceeded(connection));
    this.#messages = new OutgoingMessages(options.runId, port);
    this.#ledger = new RequestLedger(options, this.#messages, this.#clock);
    this.#clients = new BrokerClients(this.#ledger);
    this.#fleet = new BrokerFleet(this.#ledger, this.#messages, this.#clock, {
      recall: ({ connection }, count) =>
        port.toWorker(connection, { type: "recall", runId: options.runId, count }),
      note: port.note,
    });
  }

  get counts(): Readonly<BrokerCounts> {
    return this.#ledger.counts;
  }

  get types(): Iterable<TypeQueue> {
    return this.#ledger.types.values();
  }

  get clients(): Iterable<BrokerClient> {
    return this.#clients;
  }

  get workers(): Iterable<BrokerWorker> {
    return this.#fleet.workers.values();
  }

  /** Requests that have not ended. */
  get unsettled(): number {
    return this.#ledger.unsettled;
  }

  /** Why the requests of a task type are not done; nothing for a type without requests and workers. */
  explain(taskType: string): Explanation | undefined {
    const type = this.#ledger.types.get(taskType);
    return type === undefined ? undefined : explainType(type, this.#clock.now);
  }

  clientMessage(connection: string, message: ClientToService): void {
    if (this.#phase.kind === "over") return;
    const { useful } = this.#ledger;
    this.#clientMessage(connection, message);
    this.budgets.heard(connection, message, this.#ledger.useful - useful);
    this.#settleDown();
  }

  #clientMessage(connection: string, message: ClientToService): void {
    if (message.type === "hello") {
      if (message.role === "serviceclient") this.#clientHello(connection, message.peerId);
      else this.#port.toClient(connection, this.#refusal("frontend endpoint, for clients"));
    } else if (message.runId !== this.#options.runId || !this.#clients.message(connection, message)) {
      this.#stray(message);
    }
  }

  clientDisconnected(connection: string): void {
    this.budgets.disconnected(connection);
    this.#clients.disconnected(connection);
    this.#settleDown();
  }

  workerMessage(connection: string, message: WorkerToService): void {
    if (this.#phase.kind === "over") return;
    const { useful } = this.#ledger;
    this.#workerMessage(connection, message);
    this.budgets.heard(connection, message, this.#ledger.useful - useful);
    this.#settleDown();
  }

  #workerMessage(connection: string, message: WorkerToService): void {
    const worker = this.#fleet.workers.get(connection);
    if (message.type === "hello") {
      if (message.role !== "serviceworker") {
        this.#port.toWorker(connection, this.#refusal("backend endpoint, for its workers"));
      } else {
        this.#fleet.join(connection, message.peerId, message.taskType);
        this.#port.toWorker(connection, this.#phase.kind === "ending" ? this.#end() : this.#welcome());
      }
    } else if (message.type === "blocked" && message.runId === this.#options.runId) {
      // The report has a connection of its own: the worker's belongs to the thread that is blocked.
      this.#fleet.blocked(message.workerId, message);
    } else if (worker === undefined || message.runId !== this.#options.runId) {
      this.#stray(message);
    } else if (message.type === "ready") {
      this.#fleet.ready(worker, message);
    } else if (message.type === "reply") {
      this.#fleet.replies(worker, message);
    } else if (message.type === "failure") {
      this.#fleet.failures(worker, message);
    } else if (message.type === "returned") {
      this.#fleet.returned(worker, message);
    } else if (message.type === "bye") {
      this.#departed.add(connection);
      this.#fleet.gone(worker, "left");
    } else {
      this.#stray(message);
    }
  }

  workerDisconnected(connection: string): void {
    this.budgets.disconnected(connection);
    this.#departed.delete(connection);
    const worker = this.#fleet.workers.get(connection);
    if (worker !== undefined) this.#fleet.gone(worker, "lost");
    this.#settleDown();
  }

  /** Some connection has ended, and it is not known which. Pings find out. */
  probe(): void {
    this.#pings.probe(this.#clock.now);
    this.#pingIfDue();
  }

  /** Takes no new requests, waits for the others to finish, for at most `timeoutMs`, and ends the workers. */
  stop(timeoutMs: number): void {
    if (this.#phase.kind !== "running") return;
    this.#phase = { kind: "draining", until: this.#clock.now + timeoutMs };
    this.#ledger.close();
    this.#settleDown();
  }

  /** Sends the messages that have gathered. */
  flush(): void {
    this.#messages.flush();
  }

  tick(real: number): void {
    this.#clock.tick(real);
    this.budgets.tick();
    if (this.#phase.kind === "over") return;
    this.#ledger.tick(this.#clock.now);
    this.#fleet.tick(this.#clock.now);
    this.#pingIfDue();
    this.#settleDown();
  }

  // --- peers ----------------------------------------------------------------------------------------------------------

  #clientHello(connection: string, id: string): void {
    if (this.#phase.kind === "ending") return; // the client waits for the next service
    this.#clients.join(connection, id);
    this.#port.toClient(connection, this.#welcome());
  }

  #pingIfDue(): void {
    if (!this.#pings.isDue(this.#clock.now)) return;
    const ping = { type: "ping", runId: this.#options.runId } as const;
    const workers = [...this.#fleet.workers.keys(), ...this.#departed];
    const clients = this.#clients.openConnections;
    this.#pings.pinged(this.#clock.now, workers.length + clients.length);
    for (const connection of workers) this.#port.toWorker(connection, ping);
    for (const connection of clients) this.#port.toClient(connection, ping);
  }

  // --- endings --------------------------------------------------------------------------------------------------------

  /** Runs after each event: has messages sent, and moves on towards the end. */
  #settleDown(): void {
    const now = this.#clock.now;
    const phase = this.#phase;
    if (phase.kind === "draining" && (this.#ledger.unsettled === 0 || now >= phase.until)) this.#beginEnd();
    if (!this.#messages.isEmpty) this.#port.flushSoon();
    if (this.#phase.kind !== "ending") return;
    const { until, clientsUntil } = this.#phase;
    const areClientsDone = this.#clients.size === 0 || now >= clientsUntil;
    if (now >= until || (this.#fleet.workers.size === 0 && areClientsDone)) {
      this.#messages.flush();
      this.#phase = { kind: "over" };
      this.#port.over();
    } else if (now >= this.#nextEnd) {
      this.#nextEnd = now + END_MS;
      for (const connection of this.#fleet.workers.keys()) this.#port.toWorker(connection, this.#end());
    }
  }

  #beginEnd(): void {
    const { now } = this.#clock;
    const { endTimeoutMs } = this.#options;
    this.#phase = { kind: "ending", until: now + endTimeoutMs, clientsUntil: now + CLIENT_END_MS };
    this.#ledger.clear();
    for (const worker of [...this.#fleet.workers.values()]) {
      for (const request of [...worker.held.values()]) {
        this.#messages.cancel(worker, request);
        this.#ledger.lose(request, "The service was stopped while a worker had the request; it may have run");
      }
      if (!this.#options.endWorkers) this.#fleet.gone(worker, "left");
    }
    this.#messages.flush();
    for (const connection of this.#clients.connections) this.#port.toClient(connection, this.#end());
  }

  // --- messages -------------------------------------------------------------------------------------------------------

  #welcome(): Welcome {
    const { runId, peerId } = this.#options;
    return {
      type: "welcome",
      runId,
      role: "service",
      peerId,
      timeoutMs: 0,
      ticket: "",
      context: "",
      metadata: EMPTY,
    };
  }

  #refusal(what: string): Refuse {
    return { type: "refuse", runId: this.#options.runId, reason: `this is a service's ${what}` };
  }

  #end(): End {
    return { type: "end", runId: this.#options.runId, status: "stopped", reason: "" };
  }

  #stray(message: ClientToService | WorkerToService): void {
    this.#port.note("message out of place dropped", { type: message.type });
  }
}
