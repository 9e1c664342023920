import { expect, test } from "vitest";
import { RoleClock } from "../../../src/core/role-clock.ts";
import { BrokerWorker } from "../../../src/core/service/broker-worker.ts";
import { OutgoingMessages } from "../../../src/core/service/outgoing-messages.ts";
import { RequestLedger } from "../../../src/core/service/request-ledger.ts";
import type { BrokerClient } from "../../../src/core/service/service-request.ts";
import type { Message } from "../../../src/protocol/message.ts";

test("A RequestLedger drops a request that expired in the queue, and assigns the next one", () => {
  const sent: Message[] = [];
  const messages = new OutgoingMessages("run", {
    toClient: (_connection, message) => sent.push(message),
    toWorker: (_connection, message) => sent.push(message),
  });
  const clock = new RoleClock();
  const options = { maxQueue: 10, maxQueueBytes: 1 << 20, workerTimeoutMs: 5000, crashLimit: 3 };
  const ledger = new RequestLedger(options, messages, clock);
  const client: BrokerClient = { connection: "c", id: "client", requests: new Map() };
  const type = ledger.type("t");
  for (const [seq, timeoutMs] of [
    [1, 50],
    [2, 0],
  ] as const) {
    const item = { seq, attempt: 1, payload: Uint8Array.of(seq) };
    ledger.accept(client, type, item, { timeoutMs, idempotent: false, context: "" });
  }
  clock.tick(0);
  clock.tick(100);

  const worker = new BrokerWorker("w", "worker", type);
  type.workers.add(worker);
  worker.ready(1);
  type.refresh(worker);
  ledger.serve(type);
  messages.flush();

  expect([...worker.held.values()].map(({ clientSeq }) => clientSeq)).toEqual([2]);
  expect(sent.flatMap((message) => (message.type === "assign" ? message.items : []))).toHaveLength(1);
  expect(ledger.counts.cancelled).toBe(1);
  expect(ledger.unsettled).toBe(1);
  expect([...client.requests.keys()]).toEqual([2]);
});
