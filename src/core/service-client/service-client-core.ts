import { type ErrorCode, PipelineError } from "../../errors.ts";
import type { ServiceToClient } from "../../protocol/message.ts";
import { nextAttempt } from "../../protocol/next-attempt.ts";
import { EMPTY } from "../../protocol/wire/payload-frames.ts";
import { LinkedQueue } from "../../structures/linked-queue.ts";
import { batches } from "../batches.ts";
import { cutList } from "../cut-list.ts";
import { RoleClock } from "../role-clock.ts";
import type { PendingRequest, RequestOutcome, RequestSpec } from "./pending-request.ts";
import type { ServiceClientCoreOptions, ServiceClientPort } from "./service-client-port.ts";

/** How often hello is repeated until it is answered, in ms. */
const HELLO_MS = 1000;

/**
 * Most bytes of requests that a service has and has not replied to; what comes after waits here. A service counts a client with much more as a
 * flood, because ZeroMQ takes in all that is sent.
 */
const MAX_UNANSWERED_BYTES = 128 * 1024 * 1024;

/**
 * The client's state machine: the requests that wait to be sent, those that wait for their replies, and what becomes of both when
 * the connection ends. A request ends once: replied, failed, timed out, cancelled, or lost.
 */
export class ServiceClientCore {
  readonly #options: ServiceClientCoreOptions;
  readonly #port: ServiceClientPort;
  readonly #clock = new RoleClock();
  readonly #pending = new Map<number, PendingRequest>();
  readonly #waiting = new LinkedQueue<PendingRequest>();
  #cancelled: PendingRequest[] = [];
  /** `ended`: the service is stopping; it may still answer the requests it has. */
  #link: "down" | "greeted" | "ready" | "ended" = "down";
  #runId = "";
  #seq = 0;
  /** Of the requests that were sent. */
  #unansweredBytes = 0;
  #nextHello = 0;
  /** No request has an earlier deadline. */
  #earliest = Number.POSITIVE_INFINITY;

  constructor(options: ServiceClientCoreOptions, port: ServiceClientPort) {
    this.#options = options;
    this.#port = port;
  }

  get size(): number {
    return this.#pending.size;
  }

  request(spec: RequestSpec): PendingRequest {
    const deadline = this.#clock.now + spec.timeoutMs;
    const request: PendingRequest = {
      seq: ++this.#seq,
      spec,
      deadline,
      payload: spec.payload,
      attempt: 1,
      wasSent: false,
      place: "waiting",
      previous: undefined,
      next: undefined,
    };
    this.#pending.set(request.seq, request);
    this.#waiting.push(request);
    if (deadline < this.#earliest) this.#earliest = deadline;
    this.#port.flushSoon();
    return request;
  }

  /** The caller does not wait for the request any more. Its `settle` is not called. */
  cancel(request: PendingRequest): void {
    if (request.place === "sent") {
      this.#cancelled.push(request);
      this.#port.flushSoon();
    }
    this.#remove(request);
  }

  /** Sends the requests that wait, if there is a service, and as far as it may have them. */
  flush(): void {
    const runId = this.#runId;
    const cancelled = this.#cancelled;
    this.#cancelled = [];
    if (this.#link !== "ready") return;
    if (cancelled.length > 0) {
      const items = cancelled.map(({ seq, attempt }) => ({ seq, attempt }));
      for (const part of cutList(items)) this.#port.send({ type: "cancel", runId, items: part });
    }
    while (this.#waiting.size > 0 && this.#hasRoom()) {
      const alike = this.#takeAlike();
      const { spec, deadline } = alike[0] as PendingRequest;
      const { taskType, idempotent, context } = spec;
      const timeoutMs =
        deadline === Number.POSITIVE_INFINITY ? 0 : Math.max(1, Math.ceil(deadline - this.#clock.now));
      const wanted = alike.map(({ seq, attempt, payload }) => ({ seq, attempt, payload }));
      for (const items of batches(wanted)) {
        this.#port.send({ type: "request", runId, taskType, timeoutMs, idempotent, context, items });
      }
      // An idempotent request keeps its payload: it may be sent again.
      if (!idempotent) for (const request of alike) request.payload = EMPTY;
    }
  }

  connected(): void {
    this.#link = "greeted";
    this.#hello();
  }

  /** Requests that were sent may have run: only idempotent ones are sent again. */
  disconnected(): void {
    this.#link = "down";
    this.#runId = "";
    const again: PendingRequest[] = [];
    for (const request of this.#pending.values()) {
      if (request.place !== "sent") continue;
      if (request.spec.idempotent) again.push(request);
      else
        this.#fail(request, "REQUEST_LOST", "The connection to the service ended; the request may have run");
    }
    for (const request of again.reverse()) {
      this.#unansweredBytes -= request.spec.payload.length;
      request.place = "waiting";
      request.attempt = nextAttempt(request.attempt);
      this.#waiting.unshift(request);
    }
  }

  message(message: ServiceToClient): void {
    if (message.type === "welcome") {
      this.#link = "ready";
      this.#runId = message.runId;
      this.flush();
    } else if (message.type === "refuse") {
      this.failAll("PEER_REFUSED", `The service refused this client: ${message.reason}`);
    } else if (this.#runId === "" || message.runId !== this.#runId) {
      this.#port.note("message out of place dropped", { type: message.type });
    } else if (message.type === "reply") {
      for (const { seq, payload } of message.items) this.#settle(seq, { ok: true, payload });
    } else if (message.type === "failure") {
      const { origin, error, items } = message;
      for (const { seq } of items) this.#settle(seq, { ok: false, origin, error });
    } else if (message.type === "end") {
      // New requests wait for the next service. Those on their way are refused before the service reads this `bye`.
      if (this.#link === "ready") this.#port.send({ type: "bye", runId: this.#runId });
      this.#link = "ended";
    }
  }

  /** Fails all pending requests. */
  failAll(code: ErrorCode, text: string): void {
    for (const request of [...this.#pending.values()]) this.#fail(request, code, text);
  }

  /** Sends `bye`, so that the service need not wait for the end of the connection. */
  leave(): void {
    if (this.#link === "ready") this.#port.send({ type: "bye", runId: this.#runId });
    this.#link = "down";
  }

  tick(real: number): void {
    this.#clock.tick(real);
    const now = this.#clock.now;
    if (this.#link === "greeted" && now >= this.#nextHello) this.#hello();
    if (now < this.#earliest) return;
    this.#earliest = Number.POSITIVE_INFINITY;
    for (const request of [...this.#pending.values()]) {
      if (request.deadline <= now) this.#expire(request);
      else if (request.deadline < this.#earliest) this.#earliest = request.deadline;
    }
  }

  #expire(request: PendingRequest): void {
    const { timeoutMs } = request.spec;
    if (request.place === "sent") {
      this.#cancelled.push(request);
      this.#port.flushSoon();
    }
    if (request.wasSent) {
      this.#fail(
        request,
        "REQUEST_TIMEOUT",
        `No reply arrived within ${timeoutMs} ms; the request may have run`,
      );
    } else if (this.#link === "ready") {
      this.#fail(
        request,
        "REQUEST_TIMEOUT",
        `The service had ${MAX_UNANSWERED_BYTES / 2 ** 20} MiB of other requests for ${timeoutMs} ms; this one was not sent`,
      );
    } else {
      const endpoint = JSON.stringify(this.#options.endpoint);
      this.#fail(
        request,
        "PEER_TIMEOUT",
        `No service answered at ${endpoint} within ${timeoutMs} ms; nothing was sent`,
      );
    }
  }

  /** Ends a request. A late reply finds none, and is dropped. */
  #settle(seq: number, outcome: RequestOutcome): void {
    const request = this.#pending.get(seq);
    if (request === undefined) return;
    this.#remove(request);
    request.spec.settle(outcome);
  }

  #fail(request: PendingRequest, code: ErrorCode, text: string): void {
    this.#remove(request);
    const { taskType } = request.spec;
    const { endpoint } = this.#options;
    const error = new PipelineError(code, text, { role: "serviceclient", endpoint, taskType });
    request.spec.settle({ ok: false, origin: "client", error });
  }

  #remove(request: PendingRequest): void {
    if (request.place === "waiting") this.#waiting.remove(request);
    if (request.place === "sent") {
      this.#unansweredBytes -= request.spec.payload.length;
      if (this.#waiting.size > 0 && this.#hasRoom()) this.#port.flushSoon();
    }
    request.place = "ended";
    this.#pending.delete(request.seq);
  }

  /** Takes the first waiting request, and those right behind it that can travel in the same message. */
  #takeAlike(): PendingRequest[] {
    const alike: PendingRequest[] = [];
    const first = this.#waiting.first;
    for (let request = first; request !== undefined && first !== undefined; request = this.#waiting.first) {
      const { taskType, idempotent, context } = request.spec;
      const { spec } = first;
      const isAlike =
        taskType === spec.taskType && idempotent === spec.idempotent && context === spec.context;
      if (!isAlike || request.deadline !== first.deadline || !this.#hasRoom()) break;
      this.#waiting.shift();
      this.#unansweredBytes += request.spec.payload.length;
      request.place = "sent";
      request.wasSent = true;
      alike.push(request);
    }
    return alike;
  }

  #hasRoom(): boolean {
    return this.#unansweredBytes < MAX_UNANSWERED_BYTES;
  }

  #hello(): void {
    this.#nextHello = this.#clock.now + HELLO_MS;
    const { clientId } = this.#options;
    this.#port.send({
      type: "hello",
      runId: "",
      role: "serviceclient",
      peerId: clientId,
      taskType: "",
      ticket: "",
      held: [],
    });
  }
}
