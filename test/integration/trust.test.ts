import { describe, expect, test } from "vitest";
import * as zmq from "zeromq";
import { Security } from "../../src/index.ts";
import type { Message } from "../../src/protocol/message.ts";
import { decodeMessage, encodeMessage } from "../../src/protocol/wire/codec.ts";
import { captureLog } from "../support/captured-log.ts";
import { freshEndpoints } from "../support/endpoints.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";
import { exportKeys } from "../support/secured-roles.ts";
import { withKeys } from "../support/with-keys.ts";

const logged = captureLog();

const ITEMS = 20;

/** A peer that has a worker's keys, and does as it likes. */
class RawWorker {
  readonly #dealer;

  constructor(endpoint: string, role: "distributor" | "collector", security: Security) {
    const { publicKey, secretKey, servers } = exportKeys(security).worker;
    const server = servers[role];
    if (server === undefined) throw new Error("A worker's keys name both roles that it connects to");
    const curve = { curvePublicKey: publicKey, curveSecretKey: secretKey, curveServerKey: server };
    this.#dealer = new zmq.Dealer({ linger: 0, receiveTimeout: 5000, ...curve });
    this.#dealer.connect(endpoint.replace("localhost", "127.0.0.1"));
  }

  /** Sends messages, and waits for the answer to the last one. */
  async ask(...messages: Message[]): Promise<Message> {
    for (const message of messages) await this.#dealer.send(encodeMessage(message));
    return decodeMessage(await this.#dealer.receive());
  }

  close(): void {
    this.#dealer.close();
  }
}

const isRead: Message = { type: "inspect", runId: "", taskType: "", seq: undefined };

/** A run with a worker that is given all items, and a peer that is a worker, too, and reports their results before the worker does. */
async function runBesideLiar(trust: "any" | "assigned" | undefined) {
  const security = Security.generate();
  const endpoints = await freshEndpoints("tcp");
  const collector = withKeys(new NumbersCollector(endpoints), security);
  const workers = new Set<string>();
  collector.handleCollection = async ({ n }, _type, _message, { worker }) => {
    collector.seen.set(n, (collector.seen.get(n) ?? 0) + 1);
    workers.add(worker);
    return undefined;
  };
  const options = { security, ...(trust === undefined ? {} : { trust }) };
  const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, ITEMS), options);
  let [began, goOn] = [() => {}, () => {}];
  const hasBegun = new Promise<void>((resolve) => {
    began = resolve;
  });
  const mayGoOn = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const worker = withKeys(
    new NumbersWorker(endpoints, async (data) => {
      began();
      await mayGoOn;
      return data;
    }),
    security,
  );
  const done = Promise.all([distributor.run(), collector.run(), worker.run()]);
  await hasBegun;
  const own = new RawWorker(endpoints.task, "distributor", security);
  const hello = { role: "worker", peerId: "liar", taskType: "numbers", ticket: "", held: [] } as const;
  const welcome = await own.ask({ type: "hello", runId: "", ...hello });
  if (welcome.type !== "welcome") throw new Error(`The distributor answered with ${welcome.type}`);
  const { runId, ticket } = welcome;
  const results = Array.from({ length: ITEMS }, (_, seq): Message => {
    const items = [{ seq, attempt: 1, payload: Uint8Array.of(0x81, 0xa1, 0x6e, seq) }];
    return { type: "result", runId, taskType: "numbers", workerId: "liar", ticket, busyMs: 0, items };
  });
  const reporter = new RawWorker(endpoints.collector, "collector", security);
  await reporter.ask(...results, isRead);
  goOn();
  const [summary, collected] = await done;
  for (const peer of [own, reporter]) peer.close();
  expect(summary).toMatchObject({ status: "complete", tasks: { numbers: { acked: ITEMS } } });
  expect(collector.hasEachOnce(ITEMS)).toBe(true);
  return { collected, workers: [...workers], ticket };
}

describe("Results that a worker reports of items that another one was given", () => {
  test("are taken as long as nobody asks for more", async () => {
    const { collected, workers } = await runBesideLiar(undefined);
    expect(workers).toContain("liar");
    expect(collected).toMatchObject({ collected: ITEMS, refused: 0 });
  });

  test("are refused, counted and logged with trust in those that were given the items", async () => {
    const { collected, workers, ticket } = await runBesideLiar("assigned");
    expect(ticket).toMatch(/^[0-9a-f]{32}$/);
    expect(workers).toHaveLength(1);
    expect(workers).not.toContain("liar");
    expect(collected).toMatchObject({ collected: ITEMS, refused: ITEMS });
    const lines = logged().filter((line) => line.includes("items that were not given to it"));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThan(20);
    expect(lines[0]).toContain("liar");
    expect(logged().join("\n")).not.toContain(ticket);
  });
});

test("A distributor's trust is one of two words", async () => {
  const endpoints = await freshEndpoints("tcp");
  const make = (trust: unknown) => () =>
    makeDistributor(endpoints, new NumbersTask(endpoints, 1), { trust: trust as "any" });
  expect(make("all")).toThrow(new TypeError('trust must be "any" or "assigned", not "all"'));
  expect(make(true)).toThrow(TypeError);
});
