import { expect, test } from "vitest";
import { BrokerCore } from "../../../src/core/service/broker-core.ts";
import type { Message } from "../../../src/protocol/message.ts";
import { encodePayload } from "../../../src/protocol/payload/payload.ts";

const runId = "run";
const payload = encodePayload({}, "request");

/** A broker with a client, and what it says to each connection. */
function broker() {
  const said = new Map<string, Message[]>();
  const say = (connection: string, message: Message) => {
    said.set(connection, [...(said.get(connection) ?? []), message]);
  };
  const core = new BrokerCore(
    {
      runId,
      peerId: "broker",
      maxQueue: 100,
      maxQueueBytes: 1 << 20,
      workerTimeoutMs: 5000,
      crashLimit: 3,
      endWorkers: true,
      endTimeoutMs: 1000,
    },
    {
      toClient: say,
      toWorker: say,
      flushSoon: () => core.flush(),
      over: () => {},
      exceeded: () => {},
      note: () => {},
    },
  );
  const join = (connection: string, concurrency: number) => {
    const hello = { type: "hello", runId: "", role: "serviceworker", peerId: connection } as const;
    core.workerMessage(connection, { ...hello, taskType: "t", ticket: "", held: [] });
    core.workerMessage(connection, { type: "ready", runId, concurrency });
  };
  const ask = (seq: number, idempotent: boolean) =>
    core.clientMessage("client", {
      type: "request",
      runId,
      taskType: "t",
      timeoutMs: 0,
      idempotent,
      context: "",
      items: [{ seq, attempt: 1, payload }],
    });
  core.clientMessage("client", {
    type: "hello",
    runId: "",
    role: "serviceclient",
    peerId: "client",
    taskType: "",
    ticket: "",
    held: [],
  });
  /** The client's numbers of what a worker was given, with their attempts. */
  const given = (connection: string) =>
    (said.get(connection) ?? []).flatMap((message) =>
      message.type === "assign" ? message.items.map(({ clientSeq, attempt }) => [clientSeq, attempt]) : [],
    );
  return { core, said, join, ask, given };
}

test("A request that a blocked worker has not started goes to others if it may be executed twice", () => {
  const { core, join, ask, given, said } = broker();
  join("blocked", 4);
  ask(1, true);
  ask(2, true);
  ask(3, false);
  ask(4, true);
  expect(given("blocked").length).toBe(4);
  join("other", 4);
  const running = [{ seq: 1, attempt: 1 }];
  core.workerMessage("its watch", {
    type: "blocked",
    runId,
    workerId: "blocked",
    ticket: "",
    running,
    expired: false,
  });
  expect(given("other")).toEqual([
    [2, 2],
    [4, 2],
  ]);
  expect(said.get("blocked")?.at(-1)).toMatchObject({ type: "cancel", items: [{}, {}] });
  // It gets nothing new, and the late reply of what went elsewhere is dropped; that of what it has counts.
  ask(5, true);
  expect(given("blocked").length).toBe(4);
  const late = given("blocked").map((_, index) => ({ seq: index + 1, attempt: 1, payload }));
  core.workerMessage("blocked", { type: "reply", runId, busyMs: 0, items: late });
  const replied = (said.get("client") ?? []).flatMap((message) =>
    message.type === "reply" ? message.items.map(({ seq }) => seq) : [],
  );
  expect(replied).toEqual([1, 3]);
  // It answers: it is a worker like any other again.
  for (let seq = 6; seq < 12; seq++) ask(seq, true);
  expect(given("blocked").length).toBeGreaterThan(4);
});

test("A request that blocks its worker for longer than its timeout fails", () => {
  const { core, join, ask, said } = broker();
  join("blocked", 1);
  ask(1, false);
  const running = [{ seq: 1, attempt: 1 }];
  core.workerMessage("its watch", {
    type: "blocked",
    runId,
    workerId: "blocked",
    ticket: "",
    running,
    expired: true,
  });
  expect(said.get("client")?.at(-1)).toMatchObject({
    type: "failure",
    error: { code: "EXECUTION_TIMEOUT" },
    items: [{ seq: 1 }],
  });
  // Its process ends: nothing is counted twice.
  core.workerDisconnected("blocked");
  expect(core.unsettled).toBe(0);
  expect(core.counts).toMatchObject({ requests: 1, failed: 1, lost: 0 });
});

test("A worker that says ready again with another number gets as many requests at a time, and keeps what it has", () => {
  const { core, join, ask, given } = broker();
  join("programs", 1);
  ask(1, true);
  core.workerMessage("programs", { type: "ready", runId, concurrency: 3 });
  for (const seq of [2, 3]) ask(seq, true);
  expect(given("programs")).toEqual([
    [1, 1],
    [2, 1],
    [3, 1],
  ]);
});

test("A request whose program ended beside others goes to a worker again if it may be executed twice", () => {
  const { core, join, ask, given, said } = broker();
  join("programs", 2);
  ask(1, true);
  ask(2, false);
  const error = { name: "PipelineError", message: "A program ended", stack: "", code: "REQUEST_LOST" };
  const items = [
    { seq: 1, attempt: 1 },
    { seq: 2, attempt: 1 },
  ];
  core.workerMessage("programs", { type: "failure", runId, origin: "worker", error, items });
  expect(given("programs")).toEqual([
    [1, 1],
    [2, 1],
    [1, 2],
  ]);
  expect(said.get("client")?.at(-1)).toMatchObject({ type: "failure", error, items: [{ seq: 2 }] });
});

test("A worker whose report was overtaken by its own answer is asked again, and gets requests", () => {
  const { core, said, join, ask, given } = broker();
  join("worker", 1);
  core.tick(0);
  // The report has a connection of its own: it comes after the message that says that the worker is blocked no longer.
  core.workerMessage("worker", { type: "returned", runId, leaving: false, items: [] });
  core.workerMessage("its watch", {
    type: "blocked",
    runId,
    workerId: "worker",
    ticket: "",
    running: [],
    expired: false,
  });
  ask(1, false);
  expect(given("worker")).toEqual([]);
  for (let now = 20; now <= 400; now += 20) core.tick(now);
  const recalls = (said.get("worker") ?? []).filter(({ type }) => type === "recall");
  expect(recalls).toEqual([{ type: "recall", runId, count: 0 }]);
  core.workerMessage("worker", { type: "returned", runId, leaving: false, items: [] });
  expect(given("worker")).toEqual([[1, 1]]);
});

test("A worker that says that its request was never assigned is not believed", () => {
  const { core, join, ask, said } = broker();
  join("liar", 1);
  ask(1, false);
  core.workerMessage("liar", {
    type: "failure",
    runId,
    origin: "service",
    error: { name: "Error", message: "busy", stack: "", code: "SERVICE_BUSY" },
    items: [{ seq: 1, attempt: 1 }],
  });
  expect(said.get("client")?.at(-1)).toMatchObject({ type: "failure", origin: "handler" });
});
