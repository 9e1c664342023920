import { expect, test } from "vitest";
import * as zmq from "zeromq";
import type { Message } from "../../src/protocol/message.ts";
import { decodeMessage, encodeMessage } from "../../src/protocol/wire/codec.ts";
import { captureLog } from "../support/captured-log.ts";
import { freshEndpoints } from "../support/endpoints.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";

const logged = captureLog();

const ITEMS = 20;
const INVENTED = 300;

/** A peer that has what a worker has, and does as it likes. */
class RawWorker {
  readonly #dealer = new zmq.Dealer({ linger: 0, receiveTimeout: 20_000 });

  constructor(endpoint: string) {
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

const hello = (runId: string) =>
  ({
    type: "hello",
    runId,
    role: "worker",
    peerId: "liar",
    taskType: "numbers",
    ticket: "",
    held: [],
  }) as const;

function result(runId: string, seq: number): Message {
  const items = [{ seq, attempt: 1, payload: Uint8Array.of(0x81, 0xa1, 0x6e, 0xcd, seq >> 8, seq & 0xff) }];
  return { type: "result", runId, taskType: "numbers", workerId: "liar", ticket: "", busyMs: 0, items };
}

/** The id of the run, which each worker learns from its welcome. */
async function runIdAt(endpoint: string): Promise<string> {
  const worker = new RawWorker(endpoint);
  const { runId } = await worker.ask(hello(""));
  worker.close();
  return runId;
}

test("Results of items that were never produced do not reach the collector's handler, and do not hold the run back", async () => {
  const endpoints = await freshEndpoints("tcp");
  const collector = new NumbersCollector(endpoints);
  const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, ITEMS));
  let goOn = () => {};
  const mayGoOn = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const worker = new NumbersWorker(endpoints, async (data) => {
    await mayGoOn;
    return data;
  });
  const done = Promise.all([distributor.run(), collector.run(), worker.run()]);
  const runId = await runIdAt(endpoints.task);
  const liar = new RawWorker(endpoints.collector);
  expect(await liar.ask(hello(runId))).toMatchObject({ type: "welcome", role: "collector" });
  const results = Array.from({ length: INVENTED }, (_, index) => result(runId, ITEMS + index));
  // The collector has read them all when it answers this.
  await liar.ask(...results, { type: "inspect", runId: "", taskType: "", seq: undefined });
  goOn();
  const [summary, collected] = await done;
  liar.close();
  expect(summary).toMatchObject({ status: "complete", tasks: { numbers: { items: ITEMS, acked: ITEMS } } });
  expect(collected).toMatchObject({ status: "complete", collected: ITEMS, refused: INVENTED });
  expect(collector.hasEachOnce(ITEMS)).toBe(true);
  const lines = logged().filter((line) => line.includes("do not exist"));
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThan(20);
  expect(lines[0]).toContain("liar");
});
