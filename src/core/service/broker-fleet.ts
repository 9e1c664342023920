import type { Blocked, Ready, Returned } from "../../protocol/batch-message.ts";
import type { Reply, RequestFailures } from "../../protocol/service-message.ts";
import type { RoleClock } from "../role-clock.ts";
import { BrokerWorker, DOUBTFUL_FAILURES } from "./broker-worker.ts";
import type { OutgoingMessages } from "./outgoing-messages.ts";
import type { RequestLedger } from "./request-ledger.ts";
import type { ServiceRequest } from "./service-request.ts";

/** Codes of a failure that says that a worker has lost what executed the request: a thread, a process of a worker in Python, or a program that had other requests, too. */
const EXECUTOR_LOST: ReadonlySet<string> = new Set(["THREAD_LOST", "PROCESS_LOST", "REQUEST_LOST"]);

/** A worker that was silent for this time, in ms, is asked for the requests it has not started while another worker idles. */
const RECALL_MS = 20;

/** A worker that has requests and was silent for this time, in ms, is asked for an answer. */
const PROBE_MS = 250;

/** A worker that does not answer for this time, in ms, counts as blocked by a handler. */
const SILENT_MS = 750;

/** How often a worker whose requests all fail gets another one, in ms. */
const CHANCE_MS = 1000;

export interface BrokerFleetPort {
  recall(worker: BrokerWorker, count: number): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

/** The broker's workers, by connection, and what their messages do to requests. */
export class BrokerFleet {
  readonly workers = new Map<string, BrokerWorker>();
  readonly #ledger: RequestLedger;
  readonly #messages: OutgoingMessages;
  readonly #clock: RoleClock;
  readonly #port: BrokerFleetPort;
  #nextChance = 0;

  constructor(ledger: RequestLedger, messages: OutgoingMessages, clock: RoleClock, port: BrokerFleetPort) {
    this.#ledger = ledger;
    this.#messages = messages;
    this.#clock = clock;
    this.#port = port;
  }

  join(connection: string, id: string, taskType: string): void {
    if (this.workers.has(connection)) return;
    // A worker that connects again counts as a new worker: the old one's requests are lost with its connection.
    for (const other of this.workers.values()) if (other.id === id) this.gone(other, "lost");
    const worker = new BrokerWorker(connection, id, this.#ledger.type(taskType));
    this.workers.set(connection, worker);
    worker.type.join(worker);
    this.#note("joined", worker);
  }

  ready(worker: BrokerWorker, { concurrency }: Ready): void {
    if (worker.phase === "leaving") return;
    // Again where programs have said how many requests they take at a time.
    const isNews = worker.phase === "new" || worker.concurrency !== concurrency;
    worker.ready(concurrency);
    if (isNews) this.#note("ready", worker, { concurrency });
    this.#heard(worker);
  }

  replies(worker: BrokerWorker, { busyMs, items }: Reply): void {
    let bytes = 0;
    for (const { seq, attempt, payload } of items) {
      const request = this.#heldBy(worker, seq, attempt);
      if (request === undefined) continue;
      bytes += payload.length;
      if (request.client !== undefined) {
        this.#ledger.counts.replied += 1;
        this.#messages.reply(request.client, { seq: request.clientSeq, attempt, payload });
      }
      this.#ledger.settle(request);
    }
    worker.failures = 0;
    worker.window.observe(busyMs, bytes, items.length, worker.type.queue.size > 0);
    this.#heard(worker);
  }

  failures(worker: BrokerWorker, { origin: claimed, error, items }: RequestFailures): void {
    // Only the service itself knows that a request was never assigned: its client may send such a request again.
    const origin = claimed === "service" ? "handler" : claimed;
    for (const { seq, attempt } of items) {
      const request = this.#heldBy(worker, seq, attempt);
      if (request === undefined) continue;
      // Without a client the handler was aborted, and its failure says nothing about the worker.
      if (request.client !== undefined) this.#failed(worker, error.name);
      const { client, clientSeq, idempotent } = request;
      if (client !== undefined && idempotent && origin === "worker" && EXECUTOR_LOST.has(error.code)) {
        this.#ledger.lostWorker(request, true); // the worker lives, but the request may go to another one all the same
        continue;
      }
      if (client !== undefined) {
        this.#ledger.counts.failed += 1;
        this.#messages.failure(client, origin, error, { seq: clientSeq, attempt });
      }
      this.#ledger.settle(request);
    }
    this.#heard(worker);
  }

  /** A worker gives back requests that it has not started. */
  returned(worker: BrokerWorker, { leaving, items }: Returned): void {
    worker.isRecalled = false;
    if (leaving) worker.phase = "leaving";
    for (const { seq, attempt } of [...items].reverse()) {
      const request = this.#heldBy(worker, seq, attempt);
      if (request === undefined) continue;
      if (request.client === undefined) this.#ledger.settle(request);
      else this.#ledger.backToQueue(worker, request);
    }
    this.#heard(worker);
  }

  /**
   * The worker's watching thread reports that a handler blocks the main thread. Requests that the worker has not started go to
   * other workers if they are idempotent: the worker may still start them before it reads the cancellation.
   *
   * @param running - The requests in execution, by `clientSeq` and attempt.
   */
  blocked(workerId: string, { running, expired }: Pick<Blocked, "running" | "expired">): void {
    const worker = [...this.workers.values()].find(({ id }) => id === workerId);
    if (worker === undefined) return;
    const stuck = new Map<number, Set<number>>();
    for (const { clientSeq } of worker.held.values()) stuck.set(clientSeq, new Set());
    for (const { seq, attempt } of running) stuck.get(seq)?.add(attempt);
    const isRunning = ({ clientSeq, attempt }: ServiceRequest) => stuck.get(clientSeq)?.has(attempt);
    for (const request of [...worker.held.values()].reverse()) {
      if (isRunning(request)) {
        if (expired) this.#expired(worker, request);
      } else if (request.client !== undefined && request.idempotent) {
        this.#messages.cancel(worker, request);
        worker.release(request);
        request.type.enqueue(request, true);
      }
    }
    this.#silence(worker);
  }

  gone(worker: BrokerWorker, how: "lost" | "left"): void {
    this.workers.delete(worker.connection);
    worker.type.leave(worker, this.#clock.now);
    this.#note(how, worker, { held: worker.held.size });
    const wasAlone = worker.held.size === 1;
    for (const request of [...worker.held.values()]) this.#ledger.lostWorker(request, wasAlone);
    this.#ledger.serve(worker.type);
    this.#ledger.forgetUnused(worker.type);
  }

  /** Closes windows, and looks for workers that have long been silent. */
  tick(now: number): void {
    const isChance = now >= this.#nextChance;
    if (isChance) this.#nextChance = now + CHANCE_MS;
    for (const type of this.#ledger.types.values()) {
      const { wasPressed } = type;
      type.wasPressed = type.queue.size > 0;
      for (const worker of type.workers) {
        if (!wasPressed) this.#shrink(worker);
        if (isChance) worker.giveChance();
        if (type.hasRoom && now - worker.lastHeard >= RECALL_MS) this.#recall(worker);
        this.#listen(worker, now);
      }
    }
  }

  #shrink(worker: BrokerWorker): void {
    worker.window.shrink();
    // Not otherwise: a refresh changes the order in which workers are served.
    if (!worker.hasRoom) worker.type.refresh(worker);
  }

  #recall(worker: BrokerWorker): void {
    const surplus = worker.held.size - worker.concurrency;
    if (surplus <= 0 || worker.isRecalled) return;
    worker.window.reset(); // or the worker would get the same requests again
    worker.type.refresh(worker);
    this.#ask(worker, surplus);
  }

  /** A worker answers even when it has nothing to give back. */
  #ask(worker: BrokerWorker, count: number): void {
    worker.isRecalled = true;
    worker.recalledAt = this.#clock.now;
    this.#port.recall(worker, count);
  }

  /**
   * Finds out whether a worker that has requests still reads its messages, and whether a silent one does so again: its report that it was
   * blocked has a connection of its own, and may come after the message that it is not blocked any more.
   */
  #listen(worker: BrokerWorker, now: number): void {
    if (worker.phase !== "ready" || (worker.held.size === 0 && !worker.isSilent)) return;
    if (!worker.isRecalled) {
      if (now - worker.lastHeard >= PROBE_MS) this.#ask(worker, 0);
    } else if (now - Math.max(worker.recalledAt, worker.lastHeard) >= SILENT_MS) {
      this.#silence(worker);
    }
  }

  /** Marks a worker as blocked: it gets no request until it is heard from. */
  #silence(worker: BrokerWorker): void {
    if (!worker.isSilent)
      this.#note("does not answer: a handler blocks it", worker, { held: worker.held.size });
    worker.isSilent = true;
    worker.type.refresh(worker);
    this.#ledger.serve(worker.type); // now workers whose requests all fail may get some
  }

  /** Fails a request that is over its worker's timeout: only the end of the process would free the main thread. */
  #expired(worker: BrokerWorker, request: ServiceRequest): void {
    const { client, clientSeq, attempt } = request;
    if (client === undefined) return;
    this.#ledger.counts.failed += 1;
    const text = "The handler blocked its worker's event loop for longer than the worker's timeout";
    this.#messages.refuse(client, { seq: clientSeq, attempt }, "EXECUTION_TIMEOUT", text);
    this.#messages.cancel(worker, request);
    this.#ledger.disown(request);
  }

  #failed(worker: BrokerWorker, error: string): void {
    worker.failures += 1;
    if (worker.failures === DOUBTFUL_FAILURES)
      this.#note("fails one request after the other", worker, { error });
  }

  /** The request that a worker reports on; nothing when the report is about an earlier attempt, and is dropped. */
  #heldBy(worker: BrokerWorker, requestId: number, attempt: number): ServiceRequest | undefined {
    const request = worker.held.get(requestId);
    if (request?.attempt === attempt) {
      this.#ledger.useful += 1;
      return request;
    }
    this.#note("sent a reply that is not awaited", worker);
    return undefined;
  }

  #heard(worker: BrokerWorker): void {
    worker.lastHeard = this.#clock.now;
    if (worker.isSilent) this.#note("answers again", worker);
    worker.isSilent = false;
    worker.type.refresh(worker);
    this.#ledger.serve(worker.type);
  }

  #note(event: string, worker: BrokerWorker, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#port.note(`worker ${event}`, { worker: worker.id, taskType: worker.type.name, ...facts });
  }
}
