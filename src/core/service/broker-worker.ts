import { Window, type WindowLimits } from "../window.ts";
import type { ServiceRequest } from "./service-request.ts";
import type { TypeQueue } from "./type-queue.ts";

/** What one worker holds: 3 ms of work beyond what it executes, which is what it takes to bring the next request. */
const LIMITS: WindowLimits = { maxWindow: 4096, windowBytes: 16 * 1024 * 1024, windowTime: 3 };

/** So many failures in a row are no accident, even where every second request fails on all workers. */
export const DOUBTFUL_FAILURES = 20;

export type BrokerWorkerPhase =
  /** Said hello; is being initialised. */
  | "new"
  | "ready"
  /** Finishes what it started and takes nothing more. */
  | "leaving";

/** What the broker knows of one worker: a connection. */
export class BrokerWorker {
  readonly connection: string;
  readonly id: string;
  readonly type: TypeQueue;
  phase: BrokerWorkerPhase = "new";
  /** Requests it executes at a time. */
  concurrency = 1;
  /** Requests by their `requestId`. */
  readonly held = new Map<number, ServiceRequest>();
  heldBytes = 0;
  /** Its only request is one that was on a worker that died; it gets no other beside it. */
  isSolo = false;
  /** Assigned, not yet sent. */
  outgoing: ServiceRequest[] = [];
  /** Asked for what it has not started, since when. An answer comes at once, unless its event loop is blocked. */
  isRecalled = false;
  recalledAt = 0;
  lastHeard = 0;
  /** It did not answer for long: a handler blocks its event loop. It gets nothing until it is heard from. */
  isSilent = false;
  /** Requests that failed one after the other since the last that succeeded. */
  failures = 0;
  /**
   * Requests it may hold: its concurrency, and more while others wait and take it so little time that fetching the next one
   * would cost more than executing it.
   */
  window = new Window(1, LIMITS);

  constructor(connection: string, id: string, type: TypeQueue) {
    this.connection = connection;
    this.id = id;
    this.type = type;
  }

  /** Its last requests have all failed. */
  get isDoubtful(): boolean {
    return this.failures >= DOUBTFUL_FAILURES;
  }

  /** It works, as far as known. */
  get isTrusted(): boolean {
    return this.phase === "ready" && !this.isSilent && !this.isDoubtful;
  }

  /** A second has passed: one more request may show that it works again. */
  giveChance(): void {
    this.failures = Math.min(this.failures, DOUBTFUL_FAILURES - 1);
  }

  /** Share of its concurrency that is in use. */
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
