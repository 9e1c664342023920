import { expect, onTestFinished, test } from "vitest";
import * as zmq from "zeromq";
import type { Message } from "../../src/protocol/message.ts";
import { decodeMessage, encodeMessage } from "../../src/protocol/wire/codec.ts";
import { freshEndpoints } from "../support/endpoints.ts";
import { makeDistributor, NumbersCollector, NumbersTask } from "../support/roles.ts";

const ITEMS = 400;

/** A worker that does nothing by itself. */
class RawWorker {
  readonly #dealer = new zmq.Dealer({ linger: 0, receiveTimeout: 5000 });

  constructor(endpoint: string) {
    this.#dealer.connect(endpoint.replace("localhost", "127.0.0.1"));
    onTestFinished(() => this.#dealer.close());
  }

  async say(message: Message): Promise<void> {
    await this.#dealer.send(encodeMessage(message));
  }

  /** The next message of a type. */
  async hear<T extends Message["type"]>(type: T): Promise<Extract<Message, { type: T }>> {
    for (;;) {
      const message = decodeMessage(await this.#dealer.receive());
      if (message.type === type) return message as Extract<Message, { type: T }>;
    }
  }
}

const hello = (peerId: string, runId = "") =>
  ({ type: "hello", runId, role: "worker", peerId, taskType: "numbers", ticket: "", held: [] }) as const;

/** A worker that has been given items. */
async function workerWithItems(endpoint: string, id: string) {
  const worker = new RawWorker(endpoint);
  await worker.say(hello(id));
  const { runId } = await worker.hear("welcome");
  await worker.say({ type: "ready", runId, concurrency: 4 });
  return { worker, runId, granted: (await worker.hear("grant")).items };
}

test("A worker reads no other worker's items, and cannot change a result that the collector has handled", async () => {
  const endpoints = await freshEndpoints("tcp");
  const collector = new NumbersCollector(endpoints);
  const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, ITEMS));
  const done = Promise.all([distributor.run(), collector.run()]);
  const good = await workerWithItems(endpoints.task, "good");
  const liar = await workerWithItems(endpoints.task, "liar");
  const theirs = new Set(good.granted.map(({ seq }) => seq));
  expect(liar.granted.filter(({ seq }) => theirs.has(seq))).toEqual([]);

  const { runId } = good;
  const item = good.granted[0] as (typeof good.granted)[number];
  const result = (payload: Uint8Array) =>
    ({
      type: "result",
      runId,
      taskType: "numbers",
      workerId: "good",
      ticket: "",
      busyMs: 0,
      items: [{ ...item, payload }],
    }) as const;
  const honest = new RawWorker(endpoints.collector);
  await honest.say(hello("good", runId));
  await honest.hear("welcome");
  await honest.say(result(item.payload));
  await expect.poll(() => collector.seen.size).toBe(1);
  const before = [...collector.seen];
  const changed = new RawWorker(endpoints.collector);
  await changed.say(hello("liar", runId));
  await changed.hear("welcome");
  await changed.say(result(Uint8Array.of(0x81, 0xa1, 0x6e, 0xcd, 0x7f, 0xff)));
  await changed.say({ type: "inspect", runId: "", taskType: "", seq: undefined });
  await changed.hear("refuse"); // the collector has read the other result
  expect([...collector.seen]).toEqual(before);
  await distributor.stop({ timeout: 0 });
  const [, { duplicates }] = await done;
  expect(duplicates).toBe(1);
});
