import type { ErrorCode } from "../../errors.ts";
import type { ItemPayload } from "../../protocol/batch-message.ts";
import type { RoleClock } from "../role-clock.ts";
import type { BrokerWorker } from "./broker-worker.ts";
import type { OutgoingMessages } from "./outgoing-messages.ts";
import { type BrokerClient, NOWHERE, type ServiceRequest } from "./service-request.ts";
import { type QueueOutlet, TypeQueue } from "./type-queue.ts";

export interface RequestLedgerOptions {
  /** Most requests of one task type that wait. */
  readonly maxQueue: number;
  /** Most bytes that wait in all. */
  readonly maxQueueBytes: number;
  /** Longest wait of a request for the first worker of its task type, in ms. */
  readonly workerTimeout: number;
  /** Workers that one idempotent request may cost. */
  readonly crashLimit: number;
}

export interface BrokerCounts {
  /** Requests that arrived. */
  requests: number;
  /** Answered by a handler. */
  replied: number;
  /** Failed by a handler, or by a worker that gave the handler up. */
  failed: number;
  /** Not executed: queue full, no worker, service stopping. */
  refused: number;
  /** Failed because their worker was lost: they may have been executed. */
  lost: number;
  /** Not waited for any longer: cancelled, or their client vanished. */
  cancelled: number;
}

/** What the requests of one message have in common. */
export interface RequestTerms {
  /** How long the client waits from now on, in ms; 0: for ever. */
  readonly timeout: number;
  readonly idempotent: boolean;
  /** Their trace context; empty: none. */
  readonly context: string;
}

/** Requests from their arrival to their end: each is in one queue, or with one worker, and ends once. */
export class RequestLedger {
  readonly counts: BrokerCounts = { requests: 0, replied: 0, failed: 0, refused: 0, lost: 0, cancelled: 0 };
  readonly types = new Map<string, TypeQueue>();
  readonly #options: RequestLedgerOptions;
  readonly #messages: OutgoingMessages;
  readonly #clock: RoleClock;
  readonly #load = { bytes: 0 };
  readonly #outlet: QueueOutlet = {
    assign: (worker, request) => {
      request.attempt += 1;
      this.#messages.assign(worker);
    },
    // The client has given the request up; its cancellation may be on its way.
    drop: (request) => {
      this.counts.cancelled += 1;
      this.settle(request);
    },
  };
  #isOpen = true;
  #lastRequestId = 0;
  /** Requests that have not ended, with those that nobody waits for but a worker still has. */
  unsettled = 0;

  constructor(options: RequestLedgerOptions, messages: OutgoingMessages, clock: RoleClock) {
    this.#options = options;
    this.#messages = messages;
    this.#clock = clock;
  }

  type(name: string): TypeQueue {
    let type = this.types.get(name);
    if (type === undefined) {
      type = new TypeQueue(name, this.#load, this.#clock.now);
      this.types.set(name, type);
    }
    return type;
  }

  /** A request arrives: to a worker, to the queue, or back at once. */
  accept(
    client: BrokerClient,
    type: TypeQueue,
    item: ItemPayload,
    { timeout, idempotent, context }: RequestTerms,
  ): void {
    if (client.requests.has(item.seq)) return; // sent twice
    const now = this.#clock.now;
    this.counts.requests += 1;
    const request: ServiceRequest = {
      requestId: ++this.#lastRequestId,
      client,
      clientId: client.id,
      clientSeq: item.seq,
      type,
      idempotent,
      context,
      arrivedAt: now,
      expires: timeout === 0 ? Number.POSITIVE_INFINITY : now + timeout,
      payload: item.payload,
      bytes: item.payload.length,
      attempt: Math.max(0, item.attempt - 1),
      losses: 0,
      place: NOWHERE,
      previous: undefined,
      next: undefined,
    };
    if (!this.#isOpen) {
      return this.#refuse(request, "SERVICE_STOPPED", "The service is stopping and takes no new requests");
    }
    const { maxQueue, maxQueueBytes } = this.#options;
    const isFull = type.queue.size >= maxQueue || this.#load.bytes + request.bytes > maxQueueBytes;
    if (isFull && !type.hasRoom) {
      const text = `The service is busy: its queue for task type ${JSON.stringify(type.name)} is full`;
      return this.#refuse(request, "SERVICE_BUSY", text);
    }
    client.requests.set(request.clientSeq, request);
    this.unsettled += 1;
    type.enqueue(request);
    this.serve(type);
  }

  /** Gives what waits to the workers that have room. */
  serve(type: TypeQueue): void {
    type.serve(this.#clock.now, this.#outlet);
  }

  /** Nobody waits for it any more. What a worker has keeps its place there until the worker says that it is over. */
  abandon(request: ServiceRequest): void {
    this.counts.cancelled += 1;
    const { place } = request;
    this.disown(request);
    if (place.at === "worker") this.#messages.cancel(place.worker, request);
    else this.settle(request);
  }

  /** Its client has been told how it ended. What a worker has keeps its place there until the worker says that it is over. */
  disown(request: ServiceRequest): void {
    request.client?.requests.delete(request.clientSeq);
    request.client = undefined;
  }

  /** Its worker has not started it. */
  backToQueue(worker: BrokerWorker, request: ServiceRequest): void {
    worker.release(request);
    request.attempt -= 1;
    request.type.enqueue(request, true);
  }

  /**
   * The worker that had it is no more: it goes to another, alone, if that does no harm.
   *
   * @param isBlamed - Nothing else can have killed its worker.
   */
  lostWorker(request: ServiceRequest, isBlamed: boolean): void {
    const { client, idempotent, place, type } = request;
    if (client === undefined) return this.settle(request);
    if (!idempotent) return this.lose(request, "The worker that had the request was lost; it may have run");
    if (isBlamed) request.losses += 1;
    if (request.losses >= this.#options.crashLimit) {
      const text = `The request was given up: ${request.losses} workers were lost while it was all they had`;
      return this.lose(request, text);
    }
    if (place.at === "worker") place.worker.release(request);
    type.suspect(request);
  }

  /** It fails, and may have run. */
  lose(request: ServiceRequest, text: string): void {
    this.counts.lost += 1;
    const { client, clientSeq, attempt } = request;
    if (client !== undefined)
      this.#messages.refuse(client, { seq: clientSeq, attempt }, "REQUEST_LOST", text);
    this.settle(request);
  }

  /** It has ended; whoever waits for it has been told. */
  settle(request: ServiceRequest): void {
    const { place } = request;
    request.type.remove(request);
    if (place.at === "worker") place.worker.release(request);
    request.place = NOWHERE;
    request.client?.requests.delete(request.clientSeq);
    request.client = undefined;
    this.unsettled -= 1;
  }

  /** Looks after types without workers. */
  tick(now: number): void {
    for (const type of this.types.values()) {
      if (type.workers.size === 0) this.#checkLonely(type, now);
      if (type.isUnused) this.types.delete(type.name);
    }
  }

  /** Takes no new requests. */
  close(): void {
    this.#isOpen = false;
  }

  /** Fails whatever waits. */
  clear(): void {
    for (const { queue, suspects } of this.types.values()) {
      for (const request of [...queue, ...suspects]) {
        this.#refuse(request, "SERVICE_STOPPED", "The service was stopped before a worker was free");
        this.settle(request);
      }
    }
  }

  #checkLonely(type: TypeQueue, now: number): void {
    const { workerTimeout } = this.#options;
    const text = `No worker of task type ${JSON.stringify(type.name)} was there within ${workerTimeout} ms`;
    for (const queue of [type.suspects, type.queue]) {
      for (const request of queue) {
        if (now - Math.max(type.lonelySince, request.arrivedAt) < workerTimeout) break;
        this.#refuse(request, "NO_WORKER", text);
        this.settle(request);
      }
    }
  }

  #refuse({ client, clientSeq, attempt }: ServiceRequest, code: ErrorCode, text: string): void {
    this.counts.refused += 1;
    if (client !== undefined) this.#messages.refuse(client, { seq: clientSeq, attempt }, code, text);
  }
}
