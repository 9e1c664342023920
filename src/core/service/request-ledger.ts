import type { ErrorCode } from "../../errors.ts";
import type { ItemPayload } from "../../protocol/batch-message.ts";
import { nextAttempt } from "../../protocol/next-attempt.ts";
import type { Request } from "../../protocol/service-message.ts";
import { countText } from "../explanation.ts";
import type { RoleClock } from "../role-clock.ts";
import type { BrokerWorker } from "./broker-worker.ts";
import { isShared, type OutgoingMessages } from "./outgoing-messages.ts";
import { type BrokerClient, NOWHERE, type ServiceRequest } from "./service-request.ts";
import { type QueueOutlet, TypeQueue } from "./type-queue.ts";

/** Most task types without a worker that requests of one client wait for. */
const MAX_NAMED = 256;

/** Most task types, over all clients and workers, for a client to name another one. */
const MAX_TYPES = 4096;

export interface RequestLedgerOptions {
  /** How many requests of one task type may wait. */
  readonly maxQueue: number;
  /** How many bytes may wait, over all task types. */
  readonly maxQueueBytes: number;
  /** Longest wait of a request for the first worker of its task type, in ms. */
  readonly workerTimeoutMs: number;
  /** How many workers one idempotent request may cost. */
  readonly crashLimit: number;
}

export interface BrokerCounts {
  /** Requests that have arrived. */
  requests: number;
  /** Answered by a handler. */
  replied: number;
  /** Failed in a handler, or by a worker that gave up on the handler. */
  failed: number;
  /** Not executed: queue full, no worker, service stopping. */
  refused: number;
  /** Failed because their worker was lost: they may have been executed. */
  lost: number;
  /** Cancelled by their client, expired, or left behind by a client that is gone. */
  cancelled: number;
}

/** What the requests of one message have in common. */
export interface RequestTerms {
  /** How long the client waits from now on, in ms; 0: for ever. */
  readonly timeoutMs: number;
  readonly idempotent: boolean;
  /** The trace context of the requests; empty: none. */
  readonly context: string;
}

/** The requests from their arrival to their end. Each is in one queue or with one worker, and ends once. */
export class RequestLedger {
  readonly counts: BrokerCounts = { requests: 0, replied: 0, failed: 0, refused: 0, lost: 0, cancelled: 0 };
  readonly types = new Map<string, TypeQueue>();
  readonly #options: RequestLedgerOptions;
  readonly #messages: OutgoingMessages;
  readonly #clock: RoleClock;
  readonly #load = { bytes: 0 };
  readonly #outlet: QueueOutlet = {
    assign: (worker, request) => {
      request.attempt = nextAttempt(request.attempt);
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
  /** Requests that have not ended. Cancelled ones count as long as a worker has them. */
  unsettled = 0;
  /** How many entries of messages were requests, cancelled one, or said what has become of one. A refused request costs no more than one that is served. */
  useful = 0;

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

  /** Takes the requests of a message. */
  acceptAll(client: BrokerClient, request: Request): void {
    const { taskType, items } = request;
    const type = this.types.get(taskType) ?? this.#newType(client, taskType);
    for (const item of items) this.accept(client, type, item, request);
    this.forgetUnused(type);
  }

  /** Makes a type for a client's first request of it. It is not remembered if too many types wait for a first worker. */
  #newType(client: BrokerClient, name: string): TypeQueue {
    const isRefused = client.named.size >= MAX_NAMED || this.types.size >= MAX_TYPES;
    if (isRefused) return new TypeQueue(name, this.#load, this.#clock.now, true);
    const type = this.type(name);
    type.namedBy = client.named.add(type);
    return type;
  }

  /** Forgets a task type without workers and requests. */
  forgetUnused(type: TypeQueue): void {
    if (!type.isUnused || this.types.get(type.name) !== type) return;
    type.forgetName();
    this.types.delete(type.name);
  }

  /** Takes a request that has arrived: it goes to a worker or to the queue, or is refused at once. */
  accept(
    client: BrokerClient,
    type: TypeQueue,
    item: ItemPayload,
    { timeoutMs, idempotent, context }: RequestTerms,
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
      expires: timeoutMs === 0 ? Number.POSITIVE_INFINITY : now + timeoutMs,
      payload: item.payload,
      bytes: item.payload.length + context.length,
      attempt: Math.max(0, item.attempt - 1),
      losses: 0,
      place: NOWHERE,
      previous: undefined,
      next: undefined,
    };
    if (!this.#isOpen) {
      return this.#refuse(request, "SERVICE_STOPPED", "The service is stopping and takes no new requests");
    }
    if (type.isSurplus) {
      const text = "The service is busy: too many task types without a worker are in its queue";
      return this.#refuse(request, "SERVICE_BUSY", text);
    }
    const { maxQueue, maxQueueBytes } = this.#options;
    const isFull = type.queue.size >= maxQueue || this.#load.bytes + request.bytes > maxQueueBytes;
    if (isFull && !type.hasRoom) {
      const text = `The service is busy: its queue for task type ${JSON.stringify(type.name)} is full`;
      return this.#refuse(request, "SERVICE_BUSY", text);
    }
    this.useful += 1;
    client.requests.set(request.clientSeq, request);
    this.unsettled += 1;
    type.enqueue(request);
    this.serve(type);
    // A request that waits must not keep the rest of its message in memory, which may be cancelled by then.
    if (request.place.at === "queue" && isShared(request.payload))
      request.payload = new Uint8Array(request.payload);
  }

  /** Gives what waits to the workers that have room. */
  serve(type: TypeQueue): void {
    type.serve(this.#clock.now, this.#outlet);
  }

  /** The client does not wait for the request any more. A worker that has it keeps it until the worker says that it is over. */
  abandon(request: ServiceRequest): void {
    this.counts.cancelled += 1;
    const { place } = request;
    this.disown(request);
    if (place.at === "worker") this.#messages.cancel(place.worker, request);
    else this.settle(request);
  }

  /** Separates a request from its client, which already has the answer. A worker that has the request keeps it until the worker says that it is over. */
  disown(request: ServiceRequest): void {
    request.client?.requests.delete(request.clientSeq);
    request.client = undefined;
  }

  /** Takes back a request that its worker has not started. */
  backToQueue(worker: BrokerWorker, request: ServiceRequest): void {
    worker.release(request);
    request.attempt -= 1;
    request.type.enqueue(request, true);
  }

  /**
   * The worker that had the request is gone. An idempotent request goes to another worker, alone; any other fails.
   *
   * @param isBlamed - Nothing else can have killed the worker.
   */
  lostWorker(request: ServiceRequest, isBlamed: boolean): void {
    const { client, idempotent, place, type } = request;
    if (client === undefined) return this.settle(request);
    if (!idempotent) return this.lose(request, "The worker that had the request was lost; it may have run");
    if (isBlamed) request.losses += 1;
    if (request.losses >= this.#options.crashLimit) {
      const text = `The request was given up: ${countText(request.losses, "worker", ["was", "were"])} lost while it was the only request there`;
      return this.lose(request, text);
    }
    if (place.at === "worker") place.worker.release(request);
    type.suspect(request);
  }

  /** Fails a request that may have run. */
  lose(request: ServiceRequest, text: string): void {
    this.counts.lost += 1;
    const { client, clientSeq, attempt } = request;
    if (client !== undefined)
      this.#messages.refuse(client, { seq: clientSeq, attempt }, "REQUEST_LOST", text);
    this.settle(request);
  }

  /** Ends a request, whose client has its answer. */
  settle(request: ServiceRequest): void {
    const { place } = request;
    request.type.remove(request);
    if (place.at === "worker") place.worker.release(request);
    request.place = NOWHERE;
    request.client?.requests.delete(request.clientSeq);
    request.client = undefined;
    this.unsettled -= 1;
  }

  /** Fails requests that have waited too long for a worker, and forgets task types that are not used. */
  tick(now: number): void {
    for (const type of this.types.values()) {
      if (type.workers.size === 0) this.#checkLonely(type, now);
      this.forgetUnused(type);
    }
  }

  /** Takes no new requests. */
  close(): void {
    this.#isOpen = false;
  }

  /** Fails all requests that wait. */
  clear(): void {
    for (const { queue, suspects } of this.types.values()) {
      for (const request of [...queue, ...suspects]) {
        this.#refuse(request, "SERVICE_STOPPED", "The service was stopped before a worker was free");
        this.settle(request);
      }
    }
  }

  #checkLonely(type: TypeQueue, now: number): void {
    const { workerTimeoutMs } = this.#options;
    const text = `No worker of task type ${JSON.stringify(type.name)} was there within ${workerTimeoutMs} ms`;
    for (const queue of [type.suspects, type.queue]) {
      for (const request of queue) {
        if (now - Math.max(type.lonelySince, request.arrivedAt) < workerTimeoutMs) break;
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
