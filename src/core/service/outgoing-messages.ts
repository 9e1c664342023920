import type { ErrorCode } from "../../errors.ts";
import type { ErrorInfo, ItemPayload, ItemRef } from "../../protocol/batch-message.ts";
import { MAX_FAILED_REQUESTS } from "../../protocol/bounds.ts";
import type { ServiceToClient, ServiceToWorker } from "../../protocol/message.ts";
import type { AssignedItem, FailureOrigin } from "../../protocol/service-message.ts";
import { batches } from "../batches.ts";
import { cutList } from "../cut-list.ts";
import { errorSize, shortError } from "../short-error.ts";
import type { BrokerWorker } from "./broker-worker.ts";
import type { BrokerClient, ServiceRequest } from "./service-request.ts";

/** Most bytes of one error that go to all clients together before it is shortened. */
const MAX_COPIES_BYTES = 4 * 1024 * 1024;

export interface OutgoingMessagesPort {
  toClient(connection: string, message: ServiceToClient): void;
  toWorker(connection: string, message: ServiceToWorker): void;
}

/** Gathers what an event makes the broker send, so that each peer gets as few messages as possible. */
export class OutgoingMessages {
  readonly #runId: string;
  readonly #port: OutgoingMessagesPort;
  readonly #assigned = new Set<BrokerWorker>();
  readonly #replies = new Map<BrokerClient, ItemPayload[]>();
  readonly #cancelled = new Map<BrokerWorker, ItemRef[]>();
  /** Failures that workers reported, by the error that they share. */
  readonly #failures = new Map<
    ErrorInfo,
    { origin: FailureOrigin; byClient: Map<BrokerClient, ItemRef[]> }
  >();
  /** Failures that the service itself declares, by their text. */
  readonly #refusals = new Map<
    BrokerClient,
    Map<string, { code: ErrorCode; text: string; items: ItemRef[] }>
  >();

  constructor(runId: string, port: OutgoingMessagesPort) {
    this.#runId = runId;
    this.#port = port;
  }

  get isEmpty(): boolean {
    const { size } = this.#failures;
    return this.#assigned.size + this.#replies.size + this.#cancelled.size + size + this.#refusals.size === 0;
  }

  /** Has the requests in the worker's `outgoing` sent. */
  assign(worker: BrokerWorker): void {
    this.#assigned.add(worker);
  }

  reply(client: BrokerClient, item: ItemPayload): void {
    const items = this.#replies.get(client);
    if (items === undefined) this.#replies.set(client, [item]);
    else items.push(item);
  }

  /** A failure that a worker reported. @param error - The same object for all requests of the report. */
  failure(client: BrokerClient, origin: FailureOrigin, error: ErrorInfo, item: ItemRef): void {
    const report = this.#failures.get(error) ?? { origin, byClient: new Map() };
    this.#failures.set(error, report);
    const items = report.byClient.get(client);
    if (items === undefined) report.byClient.set(client, [item]);
    else items.push(item);
  }

  /** The service could not have a request executed, or does not know whether it was. */
  refuse(client: BrokerClient, item: ItemRef, code: ErrorCode, text: string): void {
    const byText = this.#refusals.get(client) ?? new Map();
    this.#refusals.set(client, byText);
    const refusal = byText.get(text) ?? { code, text, items: [] };
    byText.set(text, refusal);
    refusal.items.push(item);
  }

  cancel(worker: BrokerWorker, { requestId: seq, attempt }: ServiceRequest): void {
    const items = this.#cancelled.get(worker);
    if (items === undefined) this.#cancelled.set(worker, [{ seq, attempt }]);
    else items.push({ seq, attempt });
  }

  flush(): void {
    const { toClient, toWorker } = this.#port;
    const runId = this.#runId;
    for (const worker of this.#assigned) this.#sendAssigned(worker);
    this.#assigned.clear();
    for (const [worker, items] of this.#cancelled) {
      toWorker(worker.connection, { type: "cancel", runId, items });
    }
    this.#cancelled.clear();
    for (const [client, items] of this.#replies) {
      for (const batch of batches(items)) {
        toClient(client.connection, { type: "reply", runId, busyMs: 0, items: batch });
      }
    }
    this.#replies.clear();
    this.#sendFailures();
    for (const [client, refusals] of this.#refusals) {
      for (const { code, text, items } of refusals.values()) {
        const error = { name: "PipelineError", message: text, stack: "", code };
        for (const part of cutList(items, MAX_FAILED_REQUESTS))
          toClient(client.connection, { type: "failure", runId, origin: "service", error, items: part });
      }
    }
    this.#refusals.clear();
  }

  /** Each client gets a copy of the error: where the copies are many and long, a short one. */
  #sendFailures(): void {
    const runId = this.#runId;
    for (const [whole, { origin, byClient }] of this.#failures) {
      const isLong = byClient.size * errorSize(whole) > MAX_COPIES_BYTES;
      const error = isLong && byClient.size > 1 ? shortError(whole) : whole;
      for (const [{ connection }, items] of byClient)
        for (const part of cutList(items, MAX_FAILED_REQUESTS))
          this.#port.toClient(connection, { type: "failure", runId, origin, error, items: part });
    }
    this.#failures.clear();
  }

  #sendAssigned(worker: BrokerWorker): void {
    const requests = worker.outgoing;
    worker.outgoing = [];
    for (const batch of batches(requests)) {
      const places = new Map<string, number>();
      const items = batch.map((request): AssignedItem => {
        const { requestId, attempt, payload, clientId, clientSeq, context } = request;
        const clientIndex = places.get(clientId) ?? places.size;
        places.set(clientId, clientIndex);
        return { seq: requestId, attempt, payload, clientIndex, clientSeq, context };
      });
      const clients = [...places.keys()];
      this.#port.toWorker(worker.connection, { type: "assign", runId: this.#runId, clients, items });
    }
    // A request may come back, and must not keep the whole batch in memory that it arrived in.
    for (const request of requests)
      if (isShared(request.payload)) request.payload = new Uint8Array(request.payload);
  }
}

/** Whether a payload keeps much more memory than it needs. */
export function isShared({ length, buffer }: Uint8Array): boolean {
  return buffer.byteLength > 2 * length + 1024;
}
