import { expect, test } from "vitest";
import type { RequestOutcome } from "../../../src/core/service-client/pending-request.ts";
import { ServiceClientCore } from "../../../src/core/service-client/service-client-core.ts";
import type { ClientToService } from "../../../src/protocol/message.ts";

const MIB = 2 ** 20;
const PAYLOAD = new Uint8Array(MIB);
const MOST_MIB = 128;

/** A client that a service has welcomed, with 300 requests of 1 MiB each. */
function clientWithMuch(timeoutMs = Number.POSITIVE_INFINITY, idempotent = false) {
  const sent: number[] = [];
  const outcomes = new Map<number, RequestOutcome>();
  const send = (message: ClientToService) => {
    if (message.type === "request") sent.push(...message.items.map(({ seq }) => seq));
  };
  const core = new ServiceClientCore(
    { clientId: "c", endpoint: "inproc://front" },
    { send, flushSoon: () => {}, note: () => {} },
  );
  const welcome = () => {
    core.connected();
    core.message({ type: "welcome", runId: "run" } as never);
  };
  const spec = { taskType: "t", payload: PAYLOAD, idempotent, timeoutMs, context: "" };
  const requests = Array.from({ length: 300 }, (_, index) =>
    core.request({ ...spec, settle: (outcome) => void outcomes.set(index + 1, outcome) }),
  );
  welcome();
  const reply = (...seqs: number[]) => {
    const items = seqs.map((seq) => ({ seq, payload: PAYLOAD }));
    core.message({ type: "reply", runId: "run", items } as never);
    core.flush();
  };
  return { core, sent, outcomes, requests, welcome, reply };
}

const first = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test("A client has at most 128 MiB of requests at the service, and sends the rest as replies come, in order", () => {
  const { sent, reply } = clientWithMuch();
  expect(sent).toEqual(first(MOST_MIB));
  reply(1, 2, 3);
  expect(sent).toEqual(first(MOST_MIB + 3));
  for (let seq = 4; seq <= 300; seq++) reply(seq);
  expect(sent).toEqual(first(300));
});

test("A request that is cancelled or fails makes room for others", () => {
  const { core, sent, requests } = clientWithMuch();
  const [one, two] = requests;
  if (one !== undefined) core.cancel(one);
  core.flush();
  expect(sent).toEqual(first(MOST_MIB + 1));
  const error = { name: "E", message: "", stack: "", code: "" };
  core.message({
    type: "failure",
    runId: "run",
    origin: "handler",
    error,
    items: [{ seq: two?.seq ?? 0 }],
  } as never);
  core.flush();
  expect(sent).toEqual(first(MOST_MIB + 2));
});

test("After the end of a connection, the next one has room for as much again", () => {
  const { core, sent, outcomes, welcome } = clientWithMuch(undefined, true);
  core.disconnected();
  welcome();
  expect(sent).toEqual([...first(MOST_MIB), ...first(MOST_MIB)]);
  expect(outcomes.size).toBe(0);
});

test("A request that waited for room until its timeout says that it was not sent", () => {
  const { core, sent, outcomes } = clientWithMuch(1000);
  core.tick(0);
  for (let now = 100; now <= 1500; now += 100) core.tick(now);
  expect(sent).toEqual(first(MOST_MIB));
  expect(outcomes.get(1)).toMatchObject({
    error: { code: "REQUEST_TIMEOUT", message: expect.stringContaining("may have run") },
  });
  expect(outcomes.get(300)).toMatchObject({
    error: { code: "REQUEST_TIMEOUT", message: expect.stringContaining("was not sent") },
  });
});
