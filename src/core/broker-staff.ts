import type { Ready, Returned } from "../protocol/message.ts";
import type { Failure, Reply } from "../protocol/service-message.ts";
import type { BrokerDesk } from "./broker-desk.ts";
import type { BrokerMail } from "./broker-mail.ts";
import { BrokerWorker } from "./broker-worker.ts";
import type { RoleClock } from "./role-clock.ts";
import type { ServiceRequest } from "./service-request.ts";

/** A worker that has said nothing for so long, in ms, gives back what it has not started, when another idles. */
const RECALL_MS = 20;

export interface BrokerStaffPort {
  recall(worker: BrokerWorker, count: number): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

/** The broker's workers, by their connections, and what they say of their requests. */
export class BrokerStaff {
  readonly workers = new Map<string, BrokerWorker>();
  readonly #desk: BrokerDesk;
  readonly #mail: BrokerMail;
  readonly #clock: RoleClock;
  readonly #port: BrokerStaffPort;

  constructor(desk: BrokerDesk, mail: BrokerMail, clock: RoleClock, port: BrokerStaffPort) {
    this.#desk = desk;
    this.#mail = mail;
    this.#clock = clock;
    this.#port = port;
  }

  join(connection: string, id: string, taskType: string): void {
    if (this.workers.has(connection)) return;
    // A worker that connects again is another one: what the old one had is lost with its connection.
    for (const other of this.workers.values()) if (other.id === id) this.gone(other, "lost");
    const worker = new BrokerWorker(connection, id, this.#desk.type(taskType));
    this.workers.set(connection, worker);
    worker.type.workers.add(worker);
    this.#note("joined", worker);
  }

  ready(worker: BrokerWorker, { concurrency }: Ready): void {
    if (worker.phase !== "new") return;
    worker.ready(concurrency);
    this.#note("ready", worker, { concurrency });
    this.#heard(worker);
  }

  replies(worker: BrokerWorker, { busy, items }: Reply): void {
    let bytes = 0;
    for (const { seq, attempt, payload } of items) {
      const request = this.#heldBy(worker, seq);
      if (request === undefined) continue;
      bytes += payload.length;
      if (request.client !== undefined) {
        this.#desk.counts.replied += 1;
        this.#mail.reply(request.client, { seq: request.number, attempt, payload });
      }
      this.#desk.settle(request);
    }
    worker.window.observe(busy, bytes, items.length, worker.type.queue.size > 0);
    this.#heard(worker);
  }

  failures(worker: BrokerWorker, { origin, error, items }: Failure): void {
    for (const { seq, attempt } of items) {
      const request = this.#heldBy(worker, seq);
      if (request === undefined) continue;
      const { client, number, idempotent } = request;
      if (client !== undefined && idempotent && origin === "worker" && error.code === "THREAD_LOST") {
        this.#desk.lostWorker(request, true); // no more than its thread, but with the same right to another
        continue;
      }
      if (client !== undefined) {
        this.#desk.counts.failed += 1;
        this.#mail.failure(client, origin, error, { seq: number, attempt });
      }
      this.#desk.settle(request);
    }
    this.#heard(worker);
  }

  /** Requests that a worker has not started. */
  returned(worker: BrokerWorker, { leaving, items }: Returned): void {
    worker.isRecalled = false;
    if (leaving) worker.phase = "leaving";
    for (const { seq } of [...items].reverse()) {
      const request = this.#heldBy(worker, seq);
      if (request === undefined) continue;
      if (request.client === undefined) this.#desk.settle(request);
      else this.#desk.backToQueue(worker, request);
    }
    this.#heard(worker);
  }

  gone(worker: BrokerWorker, how: "lost" | "left"): void {
    this.workers.delete(worker.connection);
    worker.type.leave(worker, this.#clock.now);
    this.#note(how, worker, { held: worker.held.size });
    const wasAlone = worker.held.size === 1;
    for (const request of [...worker.held.values()]) this.#desk.lostWorker(request, wasAlone);
    this.#desk.serve(worker.type);
  }

  /** Opens and closes windows. Where a worker idles, another gives back what waits behind a request that takes long. */
  tick(now: number): void {
    for (const type of this.#desk.types.values()) {
      const { wasPressed } = type;
      type.wasPressed = type.queue.size > 0;
      for (const worker of type.workers) {
        if (!wasPressed) this.#shrink(worker);
        if (type.hasRoom && now - worker.lastHeard >= RECALL_MS) this.#recall(worker);
      }
    }
  }

  #shrink(worker: BrokerWorker): void {
    worker.window.shrink();
    // Only then: it would change the order in which the others are served.
    if (!worker.hasRoom) worker.type.refresh(worker);
  }

  #recall(worker: BrokerWorker): void {
    const surplus = worker.held.size - worker.concurrency;
    if (surplus <= 0 || worker.isRecalled) return;
    worker.isRecalled = true;
    worker.window.reset(); // or it would get them again
    worker.type.refresh(worker);
    this.#port.recall(worker, surplus);
  }

  /** What another worker has meanwhile is none of this one's: a late reply is dropped. */
  #heldBy(worker: BrokerWorker, seq: number): ServiceRequest | undefined {
    const request = worker.held.get(seq);
    if (request === undefined) this.#note("sent a reply that is not awaited", worker);
    return request;
  }

  #heard(worker: BrokerWorker): void {
    worker.lastHeard = this.#clock.now;
    worker.type.refresh(worker);
    this.#desk.serve(worker.type);
  }

  #note(event: string, worker: BrokerWorker, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#port.note(`worker ${event}`, { worker: worker.id, taskType: worker.type.name, ...facts });
  }
}
