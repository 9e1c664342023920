import { Window, type WindowLimits } from "../window.ts";
import type { ServiceRequest } from "./service-request.ts";
import type { TypeQueue } from "./type-queue.ts";

/** A worker holds about 3 ms of work beyond what it executes: the next request takes that long to arrive. */
const LIMITS: WindowLimits = { maxWindow: 4096, windowBytes: 16 * 1024 * 1024, windowTimeMs: 3 };

/** Failures in a row that are no accident, even where every second request fails on all workers. */
export const DOUBTFUL_FAILURES = 20;

export type BrokerWorkerPhase =
  /** It has said hello and is being initialised. */
  | "new"
  | "ready"
  /** It finishes what it has started and takes no more requests. */
  | "leaving";

/** What the broker knows about one worker, which is one connection. */
export class BrokerWorker {
  readonly connection: string;
  readonly id: string;
  readonly type: TypeQueue;
  phase: BrokerWorkerPhase = "new";
  /** How many requests the worker executes at a time. */
  concurrency = 1;
  /** Requests by their `requestId`. */
  readonly held = new Map<number, ServiceRequest>();
  heldBytes = 0;
  /** The worker has one suspect, and gets no other request beside it. */
  isSolo = false;
  /** Requests that are assigned and not yet sent. */
  outgoing: ServiceRequest[] = [];
  /** The worker was asked for what it has not started, at `recalledAt`. The answer comes at once, unless its event loop is blocked. */
  isRecalled = false;
  recalledAt = 0;
  lastHeard = 0;
  /** The worker did not answer for long: a handler blocks its event loop. It gets no request until it is heard from. */
  isSilent = false;
  /** Requests that have failed since the last one that succeeded. */
  failures = 0;
  /**
   * How many requests the worker may hold: its concurrency, and more while requests wait that take less time to execute than to
   * fetch.
   */
  window = new Window(1, LIMITS);

  constructor(connection: string, id: string, type: TypeQueue) {
    this.connection = connection;
    this.id = id;
    this.type = type;
  }

  /** The last requests of the worker have all failed. */
  get isDoubtful(): boolean {
    return this.failures >= DOUBTFUL_FAILURES;
  }

  /** The worker works, as far as the broker knows. */
  get isTrusted(): boolean {
    return this.phase === "ready" && !this.isSilent && !this.isDoubtful;
  }

  /** Lets a doubtful worker have one more request, which may show that the worker works again. */
  giveChance(): void {
    this.failures = Math.min(this.failures, DOUBTFUL_FAILURES - 1);
  }

  /** Share of the worker's concurrency that is in use. */
  get load(): number {
    return this.held.size / this.concurrency;
  }

  get hasRoom(): boolean {
    if (this.phase !== "ready" || this.isSolo || this.isSilent) return false;
    const { held, heldBytes, window } = this;
    return held.size === 0 || (held.size < window.size && heldBytes < LIMITS.windowBytes);
  }

  ready(concurrency: number): void {
    this.phase = "ready";
    if (concurrency !== this.concurrency) this.window = new Window(concurrency, LIMITS);
    this.concurrency = concurrency;
  }

  hold(request: ServiceRequest): void {
    request.place = { at: "worker", worker: this };
    this.held.set(request.requestId, request);
    this.heldBytes += request.bytes;
    this.outgoing.push(request);
  }

  release(request: ServiceRequest): void {
    if (!this.held.delete(request.requestId)) return;
    this.heldBytes -= request.bytes;
    if (this.held.size === 0) this.isSolo = false;
  }
}
