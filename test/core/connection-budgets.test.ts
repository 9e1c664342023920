import { describe, expect, test } from "vitest";
import { CAPACITY, ConnectionBudgets, REFILL_PER_MS } from "../../src/core/connection-budgets.ts";
import { RoleClock } from "../../src/core/role-clock.ts";
import { BrokerCore } from "../../src/core/service/broker-core.ts";
import type { Message } from "../../src/protocol/message.ts";
import { EMPTY } from "../../src/protocol/wire/payload-frames.ts";
import { makeCore as makeDistributor, RUN } from "../support/distributor-core.ts";
import { long } from "../support/long.ts";
import {
  hello as distributorHello,
  makeCore as makeCollector,
  open,
  produced,
} from "./collector/core-and-sent.ts";

const runId = RUN;
const pong: Message = { type: "pong", runId };
const refs = (count: number) => Array.from({ length: count }, (_, seq) => ({ seq, attempt: 1 }));
const results = (count: number, bytes = 0) =>
  refs(count).map((ref) => ({ ...ref, payload: new Uint8Array(bytes) }));

/** Calls until a budget is exceeded. @returns How often. */
function until(exceeded: readonly string[], call: () => void, most = 200_000): number {
  let calls = 0;
  while (exceeded.length === 0 && calls < most) {
    call();
    calls += 1;
  }
  return calls;
}

describe("What a connection may cost without being of use", () => {
  const make = () => {
    const clock = new RoleClock();
    clock.tick(0);
    const exceeded: string[] = [];
    return {
      clock,
      exceeded,
      budgets: new ConnectionBudgets(clock, (connection) => exceeded.push(connection)),
    };
  };

  test("is bounded for each connection by itself", () => {
    const { exceeded, budgets } = make();
    expect(until(exceeded, () => budgets.heard("a", pong, 0))).toBe(CAPACITY + 1);
    expect(exceeded).toEqual(["a"]);
    for (let times = 0; times < CAPACITY; times++) budgets.heard("b", pong, 0);
    expect(exceeded).toEqual(["a"]);
  });

  test("comes back with the role's time, and not with time in which the role stood still", () => {
    const { clock, exceeded, budgets } = make();
    const spend = (count: number) => {
      for (let times = 0; times < count; times++) budgets.heard("a", pong, 0);
    };
    spend(CAPACITY);
    for (let now = 20; now <= 1000; now += 20) clock.tick(now);
    spend(1000 * REFILL_PER_MS);
    expect(exceeded).toEqual([]);
    clock.tick(100_000); // counts as 200 ms
    spend(200 * REFILL_PER_MS);
    expect(exceeded).toEqual([]);
    spend(1);
    expect(exceeded).toEqual(["a"]);
  });

  test("grows with the entries and bytes of a message, as far as they are of no use", () => {
    const { exceeded, budgets } = make();
    const returned: Message = { type: "returned", runId, leaving: false, items: refs(131_072) };
    for (let times = 0; times < 10_000; times++) budgets.heard("a", returned, 131_072);
    expect(exceeded).toEqual([]);
    expect(until(exceeded, () => budgets.heard("a", returned, 65_536))).toBe(Math.floor(CAPACITY / 1025) + 1);
    exceeded.length = 0;
    const result: Message = {
      type: "result",
      runId,
      taskType: "t",
      workerId: "w",
      ticket: "",
      busyMs: 0,
      items: results(1, 2 ** 20),
    };
    expect(until(exceeded, () => budgets.heard("b", result, 0))).toBe(Math.floor(CAPACITY / 17) + 1);
  });

  test("is forgotten when it is whole again, and when the connection ends", () => {
    const { clock, exceeded, budgets } = make();
    for (let times = 0; times < CAPACITY; times++) budgets.heard("a", pong, 0);
    budgets.disconnected("a");
    for (let now = 20; now <= 40; now += 20) clock.tick(now);
    budgets.tick();
    expect(until(exceeded, () => budgets.heard("a", pong, 0))).toBe(CAPACITY + 1);
  });
});

describe("A connection exceeds its budget", () => {
  test("at a distributor with pongs, repeated hellos, reports of items that it does not hold, and other runs' messages", () => {
    const error = { name: "", message: "", stack: "", code: "" };
    const hello: Message = {
      type: "hello",
      runId,
      role: "worker",
      peerId: "w",
      taskType: "a",
      ticket: "",
      held: [],
    };
    const useless: Message[] = [
      pong,
      hello,
      { type: "ready", runId, concurrency: 1 },
      { type: "fail", runId, seq: 7, attempt: 1, retryable: true, error },
      { type: "returned", runId, leaving: false, items: refs(64) },
      { type: "blocked", runId, workerId: "nobody", ticket: "", expired: false, running: refs(64) },
      { type: "pong", runId: "other" },
    ];
    for (const message of useless) {
      const exceeded: string[] = [];
      const core = makeDistributor([], {}, { exceeded: (connection) => exceeded.push(connection) });
      core.workerMessage("c", hello as never);
      expect(
        `${message.type} ${until(exceeded, () => core.workerMessage("c", message as never)) < 200_000}`,
      ).toBe(`${message.type} true`);
      expect(exceeded).toEqual(["c"]);
    }
  });

  long(
    "at a collector with results that came before, that do not exist and of other runs, and with opens; the distributor has no budget",
    async () => {
      const result = (items: number, run = runId): Message => ({
        type: "result",
        runId: run,
        taskType: "a",
        workerId: "w",
        ticket: "",
        busyMs: 0,
        items: results(items),
      });
      const useless: Message[] = [
        result(0),
        result(64),
        result(64, "other"),
        { ...result(1), items: [{ seq: 4711, attempt: 1, payload: EMPTY }] } as Message,
        open("an impostor"),
        { type: "hello", runId, role: "worker", peerId: "w", taskType: "a", ticket: "", held: [] },
        { type: "bye", runId },
      ];
      for (const message of useless) {
        const { core, sent } = makeCollector();
        core.ackLinkMessage("ack", distributorHello("d"));
        core.peerMessage("data", open("d"));
        core.peerMessage("data", produced(64, { all: true }));
        core.peerMessage("w", result(64) as never);
        const before = sent.length;
        for (let times = 0; times < CAPACITY + 1; times++) core.peerMessage("w", message as never);
        expect(sent.slice(before).filter((line) => line.startsWith("exceeded"))).toContain("exceeded by w");
        for (let times = 0; times < CAPACITY + 1; times++) core.peerMessage("data", open("d"));
        expect(sent).not.toContain("exceeded by data");
      }
    },
  );

  long(
    "at a service with hellos, cancellations and reports of requests that are not there, and not with requests",
    () => {
      const make = () => {
        const exceeded: string[] = [];
        const core = new BrokerCore(
          {
            runId,
            peerId: "s",
            maxQueue: 1,
            maxQueueBytes: 1e9,
            workerTimeoutMs: 1e9,
            crashLimit: 3,
            endWorkers: true,
            endTimeoutMs: 100,
          },
          {
            toClient: () => {},
            toWorker: () => {},
            flushSoon: () => core.flush(),
            over: () => {},
            exceeded: (connection) => exceeded.push(connection),
            note: () => {},
          },
        );
        core.clientMessage("c", {
          type: "hello",
          runId: "",
          role: "serviceclient",
          peerId: "c",
          taskType: "",
          ticket: "",
          held: [],
        });
        core.workerMessage("w", {
          type: "hello",
          runId: "",
          role: "serviceworker",
          peerId: "w",
          taskType: "a",
          ticket: "",
          held: [],
        });
        return { core, exceeded };
      };
      const error = { name: "", message: "", stack: "", code: "" };
      const fromClient: Message[] = [
        { type: "hello", runId: "", role: "serviceclient", peerId: "c", taskType: "", ticket: "", held: [] },
        { type: "cancel", runId, items: refs(64) },
        { type: "cancel", runId: "other", items: [] },
      ];
      for (const message of fromClient) {
        const { core, exceeded } = make();
        until(exceeded, () => core.clientMessage("c", message as never));
        expect(exceeded).toEqual(["c"]);
      }
      const fromWorker: Message[] = [
        { type: "ready", runId, concurrency: 1 },
        { type: "reply", runId, busyMs: 0, items: results(2) },
        { type: "failure", runId, origin: "worker", error, items: refs(2) },
        { type: "returned", runId, leaving: false, items: refs(2) },
      ];
      for (const message of fromWorker) {
        const { core, exceeded } = make();
        until(exceeded, () => core.workerMessage("w", message as never));
        expect(exceeded).toEqual(["w"]);
      }
      const { core, exceeded } = make();
      let seq = 0;
      const request = (): Message => ({
        type: "request",
        runId,
        taskType: "b",
        timeoutMs: 0,
        idempotent: false,
        context: "",
        items: [{ seq: seq++, attempt: 1, payload: EMPTY }],
      });
      expect(until(exceeded, () => core.clientMessage("c", request() as never), 80_000)).toBe(80_000);
    },
  );
});

describe("An honest peer does not exceed its budget", () => {
  const make = () => {
    const clock = new RoleClock();
    clock.tick(0);
    const exceeded: string[] = [];
    const budgets = new ConnectionBudgets(clock, (connection) => exceeded.push(connection));
    let now = 0;
    const wait = (ms: number) => {
      for (const end = now + ms; now < end; ) {
        now += 20;
        clock.tick(now);
        budgets.tick();
      }
    };
    return { exceeded, budgets, wait };
  };

  test("a worker whose link flaps every 2 s, and that sends 256 MiB of results again each time", () => {
    const { exceeded, budgets, wait } = make();
    const items = refs(64).map((ref) => ({ ...ref, payload: new Uint8Array(4096) })); // 256 KiB in all
    const again: Message = {
      type: "result",
      runId,
      taskType: "t",
      workerId: "w",
      ticket: "",
      busyMs: 0,
      items,
    };
    const hello: Message = {
      type: "hello",
      runId,
      role: "worker",
      peerId: "w",
      taskType: "t",
      ticket: "",
      held: refs(131_072),
    };
    for (let flap = 0; flap < 30; flap++) {
      budgets.heard(`${flap}`, hello, 0);
      for (let message = 0; message < 1024; message++) budgets.heard(`${flap}`, again, 0);
      wait(2000);
    }
    expect(exceeded).toEqual([]);
  });

  test("a worker of the largest window that says hello each second, for ten minutes before a run begins, and a pong for each of 100 pings a second", () => {
    const { exceeded, budgets, wait } = make();
    const hello: Message = {
      type: "hello",
      runId,
      role: "worker",
      peerId: "w",
      taskType: "t",
      ticket: "",
      held: refs(65_536),
    };
    for (let second = 0; second < 600; second++) {
      budgets.heard("w", hello, 0);
      for (let ping = 0; ping < 100; ping++) budgets.heard("w", pong, 0);
      wait(1000);
    }
    expect(exceeded).toEqual([]);
  });

  test("an inspector that asks a thousand times a second, and a metadata worker that sends 64 MiB each second", () => {
    const { exceeded, budgets, wait } = make();
    const inspect: Message = { type: "inspect", runId: "", taskType: "", seq: undefined };
    const metadata: Message = { type: "metadata", runId, payload: new Uint8Array(64 * 2 ** 20) };
    for (let second = 0; second < 120; second++) {
      for (let question = 0; question < 1000; question++) budgets.heard("i", inspect, 0);
      budgets.heard("m", metadata, 0);
      wait(1000);
    }
    expect(exceeded).toEqual([]);
  });
});
