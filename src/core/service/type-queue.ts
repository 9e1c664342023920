import { REQUEST_BATCH_ITEMS } from "../../protocol/limits.ts";
import { LinkedQueue } from "../../structures/linked-queue.ts";
import type { BrokerWorker } from "./broker-worker.ts";
import { NOWHERE, QUEUED, type ServiceRequest, SUSPECTED } from "./service-request.ts";

/** Bytes that a waiting request takes beside its payload: its object, and its entries in maps. */
const REQUEST_BYTES = 512;

/** Memory that the requests in all queues of a broker take. */
export interface QueueLoad {
  bytes: number;
}

/** What becomes of the requests that leave a queue. */
export interface QueueOutlet {
  /** Sends a request to a worker, which holds it. */
  assign(worker: BrokerWorker, request: ServiceRequest): void;
  /** Settles a request that has expired while it waited. */
  drop(request: ServiceRequest): void;
}

/** The requests and the workers of one task type. */
export class TypeQueue {
  readonly name: string;
  readonly isSurplus: boolean;
  readonly queue = new LinkedQueue<ServiceRequest>();
  /** Idempotent requests that were on a worker that died. Each goes to an idle worker, alone: it may have killed the first one. */
  readonly suspects = new LinkedQueue<ServiceRequest>();
  readonly workers = new Set<BrokerWorker>();
  /** A request has had to wait since the last tick. */
  wasPressed = false;
  /** The types that the client has named first to which this one belongs, as long as it has no worker. */
  namedBy: Set<TypeQueue> | undefined;
  /** Since when the task type has no worker. */
  lonelySince: number;
  /** Workers with room. At the end are those that got a request or became idle last. */
  readonly #open = new Set<BrokerWorker>();
  /** A worker that gets no request until it is idle and can take a suspect. */
  #reserved: BrokerWorker | undefined;
  readonly #load: QueueLoad;

  /** @param isSurplus - The type is one too many: its requests are refused. */
  constructor(name: string, load: QueueLoad, now: number, isSurplus = false) {
    this.name = name;
    this.isSurplus = isSurplus;
    this.#load = load;
    this.lonelySince = now;
  }

  /** Whether a request that arrives now need not wait. */
  get hasRoom(): boolean {
    return this.#leastLoaded() !== undefined;
  }

  get isUnused(): boolean {
    return this.workers.size === 0 && this.queue.size === 0 && this.suspects.size === 0;
  }

  /** @param front - The request has waited before, and is the next to be assigned. */
  enqueue(request: ServiceRequest, front = false): void {
    request.place = QUEUED;
    if (front) this.queue.unshift(request);
    else this.queue.push(request);
    this.#load.bytes += request.bytes + REQUEST_BYTES;
  }

  suspect(request: ServiceRequest): void {
    request.place = SUSPECTED;
    this.suspects.push(request);
    this.#load.bytes += request.bytes + REQUEST_BYTES;
  }

  /** Takes a waiting request out of its queue. */
  remove(request: ServiceRequest): void {
    if (request.place.at === "queue") this.queue.remove(request);
    else if (request.place.at === "suspects") this.suspects.remove(request);
    else return;
    request.place = NOWHERE;
    this.#load.bytes -= request.bytes + REQUEST_BYTES;
  }

  /** Looks again at a worker that has changed: whether it has room, and its place among the workers with room. */
  refresh(worker: BrokerWorker): void {
    this.#open.delete(worker);
    if (worker.hasRoom && worker !== this.#reserved && this.workers.has(worker)) this.#open.add(worker);
  }

  join(worker: BrokerWorker): void {
    this.workers.add(worker);
    this.forgetName();
  }

  /** The type does not count any more for the client that has named it. */
  forgetName(): void {
    this.namedBy?.delete(this);
    this.namedBy = undefined;
  }

  leave(worker: BrokerWorker, now: number): void {
    this.workers.delete(worker);
    if (this.#reserved === worker) this.#reserved = undefined;
    this.refresh(worker);
    if (this.workers.size === 0) this.lonelySince = now;
  }

  /** Gives requests to workers while there are both, and drops the expired ones that it meets. */
  serve(now: number, outlet: QueueOutlet): void {
    this.#serveSuspects(now, outlet);
    const next = () => nextOf(this.queue, now, outlet);
    let request = next();
    while (request !== undefined) {
      const worker = this.#leastLoaded();
      if (worker === undefined) {
        this.wasPressed = true;
        return;
      }
      // Requests that the worker cannot start at once travel together.
      let run = worker.held.size < worker.concurrency ? 1 : REQUEST_BATCH_ITEMS;
      for (; run > 0 && request !== undefined && worker.hasRoom; run--, request = next()) {
        this.#assign(worker, request, outlet);
      }
    }
  }

  #serveSuspects(now: number, outlet: QueueOutlet): void {
    const next = () => nextOf(this.suspects, now, outlet);
    for (let request = next(); request !== undefined; request = next()) {
      const isReserved = this.#reserved?.phase === "ready" && !this.#reserved.isSilent;
      const worker = isReserved ? this.#reserved : this.#leastLoaded();
      if (worker === undefined) return;
      this.#reserved = worker;
      if (worker.held.size > 0) return this.refresh(worker);
      this.#reserved = undefined;
      worker.isSolo = true;
      this.#assign(worker, request, outlet);
    }
    const free = this.#reserved;
    this.#reserved = undefined;
    if (free !== undefined) this.refresh(free);
  }

  #assign(worker: BrokerWorker, request: ServiceRequest, outlet: QueueOutlet): void {
    this.remove(request);
    worker.hold(request);
    this.refresh(worker);
    outlet.assign(worker, request);
  }

  /**
   * The worker to serve next: an idle one, the longest idle first; otherwise the one with the smallest share of its concurrency in
   * use. A worker whose requests all fail gets none while another works, however busy: always free, it would get most requests.
   */
  #leastLoaded(): BrokerWorker | undefined {
    let found: BrokerWorker | undefined;
    let doubtful: BrokerWorker | undefined;
    for (const worker of this.#open) {
      if (worker.isDoubtful) {
        if (doubtful === undefined || worker.load < doubtful.load) doubtful = worker;
        continue;
      }
      if (found !== undefined && worker.load >= found.load) continue;
      found = worker;
      if (worker.held.size === 0) break;
    }
    if (found !== undefined || doubtful === undefined) return found;
    for (const worker of this.workers) if (worker.isTrusted) return undefined;
    return doubtful;
  }
}

/** The first request that has not expired. */
function nextOf(
  queue: LinkedQueue<ServiceRequest>,
  now: number,
  outlet: QueueOutlet,
): ServiceRequest | undefined {
  let first = queue.first;
  for (; first !== undefined && now > first.expires; first = queue.first) outlet.drop(first);
  return first;
}
