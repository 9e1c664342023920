import { describe, expect, test } from "vitest";
import { CollectorCore } from "../../src/core/collector/collector-core.ts";
import { DistributorConnections } from "../../src/core/collector/distributor-connections.ts";
import { Inbox } from "../../src/core/collector/inbox.ts";
import { BrokerCore } from "../../src/core/service/broker-core.ts";
import type { Hello, Open, Result } from "../../src/protocol/batch-message.ts";
import { MAX_REFS } from "../../src/protocol/bounds.ts";
import type { Message } from "../../src/protocol/message.ts";
import { EMPTY } from "../../src/protocol/wire/payload-frames.ts";
import { makeCore } from "../support/distributor-core.ts";

const runId = "run";
const MEBIBYTE = 2 ** 20;

/** What a core has sent, by connection. */
class Sent {
  readonly messages: { readonly to: string; readonly message: Message }[] = [];
  readonly send = (to: string, message: Message) => void this.messages.push({ to, message });
  of(type: Message["type"]): readonly Message[] {
    return this.messages.map(({ message }) => message).filter((message) => message.type === type);
  }
}

const workerHello = (peerId: string, fields: Partial<Hello> = {}): Hello => ({
  type: "hello",
  runId,
  role: "worker",
  peerId,
  taskType: "t",
  ticket: "",
  held: [],
  ...fields,
});

function distributor() {
  const sent = new Sent();
  const core = makeCore(
    [
      {
        name: "t",
        dependencies: [],
        retry: { attempts: 3, backoff: 100, maxBackoff: 100 },
        timeoutMs: 0,
        source: { pull: () => "wait" },
      },
    ],
    { peerTimeoutMs: 20_000, maxWindow: 100 },
    { toWorker: sent.send },
  );
  core.open(EMPTY);
  return { core, sent };
}

describe("A distributor's core", () => {
  test("has one worker for a connection, whatever ids the peer says hello with", () => {
    const { core, sent } = distributor();
    for (let id = 0; id < 1000; id++) core.workerMessage("c", workerHello(`w${id}`));
    expect(core.fleet.size).toBe(1);
    expect(sent.of("refuse")).toHaveLength(999);
    core.workerMessage("c", { type: "bye", runId });
    core.workerMessage("c", workerHello("next"));
    expect([...core.fleet.workers].map(({ id }) => id)).toEqual(["next"]);
  });

  test("has no more workers than connections, also where two take each other's ids", () => {
    const { core } = distributor();
    for (let turn = 0; turn < 100; turn++)
      for (const connection of ["a", "b"])
        for (const id of ["x", "y", `${turn}`]) core.workerMessage(connection, workerHello(id));
    expect(core.fleet.size).toBeLessThanOrEqual(2);
  });

  test("confirms in several messages what does not fit in one", () => {
    const { core, sent } = distributor();
    const held = Array.from({ length: MAX_REFS }, (_, seq) => ({ seq, attempt: 1 }));
    core.workerMessage("c", workerHello("w", { held }));
    core.workerMessage("c", workerHello("w", { held: [...held].reverse() }));
    core.tick(0);
    const settled = sent
      .of("grant")
      .map((message) => (message.type === "grant" ? message.settled.length : 0));
    expect(settled).toEqual([MAX_REFS, MAX_REFS]);
  });
});

function collector() {
  const sent = new Sent();
  const notes: string[] = [];
  const core = new CollectorCore(
    { peerId: "c", peerTimeoutMs: 60_000 },
    {
      toPeer: sent.send,
      toAckLink: sent.send,
      begin: () => {},
      work: () => {},
      finish: () => {},
      over: () => {},
      exceeded: () => {},
      refused: () => {},
      note: (event) => notes.push(event),
    },
  );
  return { core, sent, notes };
}

const open = (peerId: string, metadata: Uint8Array = EMPTY): Open => ({
  type: "open",
  runId,
  peerId,
  tasks: ["t"],
  trust: "any",
  context: "",
  metadata,
});

const result = (seq: number, payload: Uint8Array): Result => ({
  type: "result",
  runId,
  taskType: "t",
  workerId: "w",
  ticket: "",
  busyMs: 0,
  items: [{ seq, attempt: 1, payload }],
});

describe("A collector's core", () => {
  test("refuses a hello that names held items, and keeps nothing of it", () => {
    const { core, sent } = collector();
    core.peerMessage("w", workerHello("w", { held: [{ seq: 1, attempt: 1 }] }));
    expect(sent.of("refuse")).toHaveLength(1);
    core.ackLinkMessage("ack", workerHello("d", { role: "distributor", taskType: "" }));
    core.peerMessage("data", open("d"));
    expect(sent.messages.filter(({ to }) => to === "w")).toHaveLength(1); // no welcome
  });

  test("drops results of a connection beyond 256 MiB that wait, and takes them when they come again", () => {
    const { core, notes } = collector();
    core.ackLinkMessage("ack", workerHello("d", { role: "distributor", taskType: "" }));
    core.peerMessage("data", open("d"));
    core.peerMessage("data", { type: "produced", runId, taskType: "t", count: 10, all: false, again: [] });
    const payload = new Uint8Array(64 * MEBIBYTE);
    for (let seq = 0; seq < 5; seq++) core.peerMessage("w", result(seq, payload));
    core.peerMessage("other", result(9, payload));
    expect(core.queued).toBe(5);
    expect(notes).toEqual(["results dropped: too many bytes of their worker wait"]);
    const first = core.next();
    expect(first?.seq).toBe(0);
    core.peerMessage("w", result(4, payload));
    expect(core.queued).toBe(5);
  });

  test("drops results beyond 2 GiB that wait from all connections, and takes them when they come again", () => {
    const { core, notes } = collector();
    core.ackLinkMessage("ack", workerHello("d", { role: "distributor", taskType: "" }));
    core.peerMessage("data", open("d"));
    core.peerMessage("data", { type: "produced", runId, taskType: "t", count: 40, all: false, again: [] });
    const payload = new Uint8Array(64 * MEBIBYTE);
    for (let seq = 0; seq < 34; seq++) core.peerMessage(`connection ${seq}`, result(seq, payload));
    expect(core.queued).toBe(32);
    expect(notes).toEqual(Array(2).fill("results dropped: too many bytes wait for the handler"));
    for (let taken = 0; taken < 32; taken++) core.next();
    for (const seq of [32, 33]) core.peerMessage(`connection ${seq}`, result(seq, payload));
    expect(core.queued).toBe(2);
  });

  test("keeps few bytes of opens whose distributors have not introduced themselves", () => {
    const connections = new DistributorConnections({ toPeer: () => {}, toAckLink: () => {} });
    const metadata = new Uint8Array(5 * MEBIBYTE);
    for (const name of ["a", "b", "c"]) connections.wait(name, open(name, metadata));
    const taken = ["a", "b", "c"].map(
      (peerId) => [...connections.takeWaiting(workerHello(peerId, { role: "distributor" }))].length,
    );
    expect(taken).toEqual([0, 0, 1]);
  });

  test("keeps a hundred opens and introductions, the latest ones", () => {
    const connections = new DistributorConnections({ toPeer: () => {}, toAckLink: () => {} });
    const taken = (peerId: string) =>
      [...connections.takeWaiting(workerHello(peerId, { role: "distributor" }))].length;
    for (let peer = 0; peer < 101; peer++) connections.wait(`${peer}`, open(`${peer}`));
    expect([taken("0"), taken("1"), taken("100")]).toEqual([0, 1, 1]);
    for (let peer = 0; peer < 101; peer++) connections.introduce(`${peer}`, workerHello(`${peer}`));
    expect([0, 1, 100].map((peer) => connections.isIntroduced(open(`${peer}`)))).toEqual([false, true, true]);
  });

  test("keeps the hellos of 10,000 workers that came before the run, the latest ones", () => {
    const { core, sent } = collector();
    for (let peer = 0; peer < 10_001; peer++) core.peerMessage(`w${peer}`, workerHello(`w${peer}`));
    core.ackLinkMessage("ack", workerHello("d", { role: "distributor", taskType: "" }));
    core.peerMessage("data", open("d"));
    const welcomed = new Set(
      sent.messages.filter(({ message }) => message.type === "welcome").map(({ to }) => to),
    );
    expect(["w0", "w1", "w10000"].map((peer) => welcomed.has(peer))).toEqual([false, true, true]);
  });
});

describe("An Inbox", () => {
  const batch = (workerId: string, seqs: readonly number[]) => ({
    runId,
    task: "t",
    workerId,
    ticket: "",
    connection: workerId,
    bytes: 0,
    busyMs: 0,
    busyItems: 0,
    items: seqs.map((seq) => ({ seq, attempt: 1, payload: EMPTY })),
  });
  const handleAll = (inbox: Inbox) => {
    for (let next = inbox.next(); next !== undefined; next = inbox.next()) inbox.handled(next, EMPTY);
  };

  test("keeps few ACKs of repeated results while they cannot be sent", () => {
    const inbox = new Inbox();
    inbox.add(batch("w", [1]));
    handleAll(inbox);
    inbox.takeAcks(runId);
    for (let times = 0; times < 100_000; times++) inbox.add(batch("w", [1]));
    expect(inbox.takeAcks(runId)[0]?.seqs.length).toBeLessThanOrEqual(65_536);
    for (let id = 0; id < 5000; id++) inbox.add(batch(`w${id}`, [1]));
    expect(inbox.takeAcks(runId)).toHaveLength(1024);
    inbox.add(batch("w", [1]));
    expect(inbox.takeAcks(runId)).toHaveLength(1);
  });

  test("has several ACKs for more items than fit in a message", () => {
    const inbox = new Inbox();
    inbox.add(
      batch(
        "w",
        Array.from({ length: MAX_REFS + 1 }, (_, seq) => seq),
      ),
    );
    handleAll(inbox);
    expect(inbox.takeAcks(runId).map(({ seqs }) => seqs.length)).toEqual([MAX_REFS, 1]);
  });
});

function broker() {
  const sent = new Sent();
  const core = new BrokerCore(
    {
      runId,
      peerId: "broker",
      maxQueue: 10_000,
      maxQueueBytes: 2 ** 28,
      workerTimeoutMs: 5000,
      crashLimit: 3,
      endWorkers: true,
      endTimeoutMs: 1000,
    },
    {
      toClient: sent.send,
      toWorker: sent.send,
      flushSoon: () => core.flush(),
      over: () => {},
      exceeded: () => {},
      note: () => {},
    },
  );
  const hello = (connection: string) =>
    core.clientMessage(connection, workerHello(connection, { role: "serviceclient", taskType: "" }));
  const ask = (connection: string, taskType: string, seq: number, payload = Uint8Array.of(0xc0)) =>
    core.clientMessage(connection, {
      type: "request",
      runId,
      taskType,
      timeoutMs: 0,
      idempotent: false,
      context: "",
      items: [{ seq, attempt: 1, payload }],
    });
  const join = (connection: string, peerId: string, taskType: string) =>
    core.workerMessage(connection, workerHello(peerId, { role: "serviceworker", taskType }));
  return { core, sent, hello, ask, join, types: () => [...core.types].length };
}

describe("A service's core", () => {
  test("has 256 task types without a worker for a client, and answers requests of others with SERVICE_BUSY", () => {
    const { core, sent, hello, ask, join, types } = broker();
    hello("k");
    for (let n = 0; n < 1000; n++) ask("k", `type ${n}`, n);
    expect(types()).toBe(256);
    expect(sent.of("failure")).toHaveLength(744);
    expect(sent.of("failure")[0]).toMatchObject({ error: { code: "SERVICE_BUSY" } });
    hello("other");
    ask("other", "mine", 1);
    expect(types()).toBe(257); // another client is not concerned
    join("w", "w", "type 0");
    ask("k", "one more", 1001); // a type with a worker does not count
    expect(types()).toBe(258);
    core.clientMessage("k", { type: "bye", runId });
    core.tick(0);
    expect(types()).toBe(2);
  });

  test("has at most 4,096 task types, however many clients name them", () => {
    const { hello, ask, types } = broker();
    for (let client = 0; client < 20; client++) {
      hello(`k${client}`);
      for (let n = 0; n < 256; n++) ask(`k${client}`, `type ${client}/${n}`, n);
    }
    expect(types()).toBe(4096);
  });

  test("makes no task type of a message without requests, and forgets that of a worker that left", () => {
    const { core, hello, join, types } = broker();
    hello("k");
    const request = { type: "request", runId, timeoutMs: 0, idempotent: false, context: "" } as const;
    for (let n = 0; n < 1000; n++) core.clientMessage("k", { ...request, taskType: `type ${n}`, items: [] });
    for (let n = 0; n < 1000; n++) {
      join("w", `w${n}`, `t${n}`);
      core.workerMessage("w", { type: "bye", runId });
    }
    expect(types()).toBe(0);
  });

  test("has one worker for a connection, whatever ids the peer says hello with", () => {
    const { core, join, types } = broker();
    for (let n = 0; n < 1000; n++) join("c", `w${n}`, `t${n}`);
    expect([[...core.workers].length, types()]).toEqual([1, 1]);
  });

  test("keeps of a request that waits its own bytes, not those of its message", () => {
    const { core, hello, ask } = broker();
    hello("k");
    const message = new Uint8Array(MEBIBYTE);
    ask("k", "t", 1, message.subarray(0, 1));
    const [request] = [...core.clients].flatMap(({ requests }) => [...requests.values()]);
    expect(request?.payload.buffer.byteLength).toBe(1);
  });

  test("reads a report of a stuck worker with as many items as a list may have", () => {
    const { core, join } = broker();
    join("w", "w", "t");
    const running = Array.from({ length: MAX_REFS }, (_, seq) => ({ seq, attempt: 1 }));
    core.workerMessage("watch", {
      type: "blocked",
      runId,
      workerId: "w",
      ticket: "",
      expired: false,
      running,
    });
    expect([...core.workers].map(({ isSilent }) => isSilent)).toEqual([true]);
  });
});
