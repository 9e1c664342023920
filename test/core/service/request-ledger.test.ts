import { expect, test } from "vitest";
import { RoleClock } from "../../../src/core/role-clock.ts";
import { BrokerWorker } from "../../../src/core/service/broker-worker.ts";
import { OutgoingMessages } from "../../../src/core/service/outgoing-messages.ts";
import { RequestLedger } from "../../../src/core/service/request-ledger.ts";
import type { BrokerClient } from "../../../src/core/service/service-request.ts";
import { MAX_ATTEMPT } from "../../../src/protocol/limits.ts";
import type { Message } from "../../../src/protocol/message.ts";

/** A ledger with one client and one type of requests, and what it sends. */
function makeLedger({ maxQueueBytes = 1 << 20, context = "" } = {}) {
  const sent: Message[] = [];
  const messages = new OutgoingMessages("run", {
    toClient: (_connection, message) => sent.push(message),
    toWorker: (_connection, message) => sent.push(message),
  });
  const clock = new RoleClock();
  const options = { maxQueue: 10, maxQueueBytes, workerTimeoutMs: 5000, crashLimit: 3 };
  const ledger = new RequestLedger(options, messages, clock);
  const client: BrokerClient = { connection: "c", id: "client", requests: new Map(), named: new Set() };
  const type = ledger.type("t");
  return {
    ledger,
    client,
    clock,
    accept(seq: number, attempt: number, timeoutMs: number, idempotent: boolean): void {
      const item = { seq, attempt, payload: Uint8Array.of(seq) };
      ledger.accept(client, type, item, { timeoutMs, idempotent, context });
    },
    /** A worker joins, and gets what waits. */
    join(id: string): BrokerWorker {
      const worker = new BrokerWorker(id, id, type);
      type.workers.add(worker);
      worker.ready(1);
      type.refresh(worker);
      ledger.serve(type);
      messages.flush();
      return worker;
    },
    leave(worker: BrokerWorker): void {
      type.workers.delete(worker);
      for (const request of [...worker.held.values()]) ledger.lostWorker(request, false);
    },
    assigned: () => sent.flatMap((message) => (message.type === "assign" ? message.items : [])),
  };
}

test("A RequestLedger drops a request that expired in the queue, and assigns the next one", () => {
  const { ledger, client, clock, accept, join, assigned } = makeLedger();
  accept(1, 1, 50, false);
  accept(2, 1, 0, false);
  clock.tick(0);
  clock.tick(100);

  const worker = join("worker");

  expect([...worker.held.values()].map(({ clientSeq }) => clientSeq)).toEqual([2]);
  expect(assigned()).toHaveLength(1);
  expect(ledger.counts.cancelled).toBe(1);
  expect(ledger.unsettled).toBe(1);
  expect([...client.requests.keys()]).toEqual([2]);
});

test.each([
  ["from what the client says", 4, [4, 5]],
  ["not beyond the largest number", MAX_ATTEMPT, [MAX_ATTEMPT, MAX_ATTEMPT]],
] as const)("A RequestLedger counts attempts, %s", (_case, attempt, expected) => {
  const { accept, join, leave, assigned } = makeLedger();
  accept(1, attempt, 0, true);
  leave(join("lost"));
  join("next");
  expect(assigned().map((item) => item.attempt)).toEqual(expected);
});

test("A RequestLedger counts the trace contexts of requests that wait", () => {
  const { ledger, accept } = makeLedger({ maxQueueBytes: 25_000, context: "c".repeat(10_000) });
  for (const seq of [1, 2, 3]) accept(seq, 1, 0, false);
  expect([ledger.unsettled, ledger.counts.refused]).toEqual([2, 1]);
});
