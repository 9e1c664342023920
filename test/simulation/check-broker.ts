import type { BrokerCore } from "../../src/core/service/broker-core.ts";
import { must, mustEqual } from "./must.ts";

/** Checks what must be true of a broker after every step. */
export function checkBroker(broker: BrokerCore): void {
  let known = 0;
  for (const type of broker.types) {
    for (const request of type.queue) mustEqual(request.place.at, "queue", "a queued request knows that");
    for (const request of type.suspects)
      must(request.place.at === "suspects" && request.idempotent, "a suspect is idempotent, and knows that");
    known += type.queue.size + type.suspects.size;
    if (type.queue.size > 0) must(!type.hasRoom, "nothing waits while a worker has room");
  }
  for (const worker of broker.workers) {
    let bytes = 0;
    for (const [requestId, request] of worker.held) {
      mustEqual(request.requestId, requestId, "a request is held under its id");
      must(
        request.place.at === "worker" && request.place.worker === worker,
        "a request knows the worker that holds it",
      );
      bytes += request.bytes;
    }
    mustEqual(worker.heldBytes, bytes, "a worker's bytes are those of its requests");
    must(!worker.isSolo || worker.held.size === 1, "a suspect has its worker for itself");
    known += worker.held.size;
  }
  mustEqual(broker.unsettled, known, "each request is in one place");
  for (const client of broker.clients) {
    for (const request of client.requests.values())
      must(request.client === client, "a client's request knows its client");
  }
}
