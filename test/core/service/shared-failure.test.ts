import { expect, test } from "vitest";
import { OutgoingMessages } from "../../../src/core/service/outgoing-messages.ts";
import type { BrokerClient } from "../../../src/core/service/service-request.ts";
import type { ServiceToClient } from "../../../src/protocol/message.ts";
import type { RequestFailures } from "../../../src/protocol/service-message.ts";

function made() {
  const sent: [connection: string, message: RequestFailures][] = [];
  const messages = new OutgoingMessages("run", {
    toClient(connection: string, message: ServiceToClient) {
      if (message.type === "failure") sent.push([connection, message]);
    },
    toWorker() {},
  });
  return { messages, sent };
}

const clientOf = (connection: string): BrokerClient => ({
  connection,
  id: connection,
  requests: new Map(),
  named: new Set(),
});
const long = { name: "Error", message: "m".repeat(48_000), stack: "s".repeat(48_000), code: "C" };

test("A worker's failure of many requests of one client is one message, with the whole error", () => {
  const { messages, sent } = made();
  const client = clientOf("k");
  for (let seq = 0; seq < 9000; seq++) messages.failure(client, "handler", long, { seq, attempt: 1 });
  messages.flush();
  expect(sent.map(([to, { items }]) => [to, items.length])).toEqual([
    ["k", 8192],
    ["k", 808],
  ]);
  expect(sent[0]?.[1].error).toBe(long);
  expect(messages.isEmpty).toBe(true);
});

test("A long error that goes to very many clients is shortened, and a short one is not", () => {
  const { messages, sent } = made();
  const short = { name: "Error", message: "no", stack: "", code: "" };
  for (let n = 0; n < 1000; n++) {
    messages.failure(clientOf(`long ${n}`), "handler", long, { seq: 1, attempt: 1 });
    messages.failure(clientOf(`short ${n}`), "handler", short, { seq: 1, attempt: 1 });
  }
  messages.flush();
  expect(sent).toHaveLength(2000);
  for (const [to, { error }] of sent) {
    if (to.startsWith("short")) expect(error).toBe(short);
    else
      expect(error).toMatchObject({
        name: "Error",
        stack: "",
        code: "C",
        message: expect.stringMatching(/^m{1000}/),
      });
    expect(error.message.length).toBeLessThan(1100);
  }
});
