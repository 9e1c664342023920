import { expect, onTestFinished, test } from "vitest";
import * as zmq from "zeromq";
import { TOO_MUCH } from "../../src/core/connection-budgets.ts";
import type { Hello } from "../../src/protocol/batch-message.ts";
import { decodeMessage, encodeMessage } from "../../src/protocol/wire/codec.ts";
import { captureLog } from "../support/captured-log.ts";
import { freshEndpoints } from "../support/endpoints.ts";
import { long } from "../support/long.ts";
import { LongTask, makeDistributor, NumbersCollector, NumbersWorker } from "../support/roles.ts";

const logged = captureLog();

/** A connection to a listener. */
function connected(endpoint: string): zmq.Dealer {
  const dealer = new zmq.Dealer({ linger: 0, receiveTimeout: 20_000 });
  onTestFinished(() => dealer.close());
  dealer.connect(endpoint.replace("localhost", "127.0.0.1"));
  return dealer;
}

/** A hello with two million references, in a frame as large as any may be. */
function hugeHello(): Buffer {
  const [small = new Uint8Array(0)] = encodeMessage(hello("liar"));
  const count = 2_000_000;
  const claim = Buffer.of((count & 0x7f) | 0x80, ((count >> 7) & 0x7f) | 0x80, count >> 14); // LEB128
  return Buffer.concat([small.subarray(0, -1), claim, Buffer.alloc(2 * count, 2)]);
}

const hello = (peerId: string): Hello => ({
  type: "hello",
  runId: "",
  role: "worker",
  peerId,
  taskType: "numbers",
  ticket: "",
  held: [],
});

/** Sends a claim on a connection of its own. @returns What the listener answers. */
async function answerTo(endpoint: string, frames: Uint8Array[]): Promise<string> {
  const dealer = connected(endpoint);
  await dealer.send(frames);
  const message = decodeMessage(await dealer.receive());
  dealer.close();
  return message.type === "refuse" ? message.reason : message.type;
}

async function startRun() {
  const endpoints = await freshEndpoints("tcp");
  const collector = new NumbersCollector(endpoints);
  const task = new LongTask(endpoints);
  const distributor = makeDistributor(endpoints, task);
  const good = Promise.all([distributor.run(), new NumbersWorker(endpoints).run(), collector.run()]);
  await expect.poll(() => collector.seen.size).toBeGreaterThan(100);
  const finish = async () => {
    task.isWanted = false;
    const [summary] = await good;
    const items = summary.tasks.numbers?.items ?? 0;
    expect(summary).toMatchObject({ status: "complete", tasks: { numbers: { acked: items, failed: 0 } } });
    expect(collector.hasEachOnce(items)).toBe(true);
  };
  return { endpoints, distributor, finish };
}

test("A hello that lists millions of held items is refused by distributor and collector, and its connection is not heard any more", async () => {
  const { endpoints, distributor, finish } = await startRun();
  const liar = connected(endpoints.task);
  await liar.send(hugeHello());
  expect(decodeMessage(await liar.receive())).toMatchObject({
    type: "refuse",
    reason: "A list has more than 32768 entries",
  });
  await liar.send(encodeMessage(hello("liar")));
  for (let times = 0; times < 4; times++)
    expect(await answerTo(endpoints.collector, [hugeHello()])).toMatch(/more than 32768 entries/);
  const honest = connected(endpoints.task);
  await honest.send(encodeMessage(hello("honest")));
  expect(decodeMessage(await honest.receive()).type).toBe("welcome");
  expect(distributor.progress.workers).toBe(2); // the run's worker, and the honest peer
  expect(logged().filter((line) => line.includes("is not heard any more"))).not.toEqual([]);
  await honest.send(encodeMessage({ type: "bye", runId: decodeRun(await honest.receive()) }));
  await finish();
});

function decodeRun(frames: Buffer[]): string {
  return decodeMessage(frames).runId;
}

long("Worker ids over one connection do not fill a distributor", async () => {
  const { endpoints, distributor, finish } = await startRun();
  const liar = connected(endpoints.task);
  for (let id = 0; id < 1000; id++) await liar.send(encodeMessage(hello(`w${id}`)));
  await liar.send(encodeMessage({ ...hello("w0"), taskType: "none" }));
  for (let refused = 0; refused < 1000; ) {
    const message = decodeMessage(await liar.receive());
    if (message.type === "refuse") refused += 1;
  }
  expect(distributor.progress.workers).toBe(2);
  liar.close();
  await finish();
});

long(
  "A peer that sends much that is of no use is refused by distributor and collector, and the run finishes",
  async () => {
    const { endpoints, finish } = await startRun();
    const held = Array.from({ length: 32_768 }, (_, seq) => ({ seq, attempt: 1 }));
    const useless = {
      [endpoints.task]: encodeMessage({ type: "returned", runId: "other", leaving: false, items: held }),
      [endpoints.collector]: encodeMessage({ ...hello("liar"), held }),
    };
    for (const [endpoint, frames] of Object.entries(useless)) {
      const liar = connected(endpoint);
      for (let times = 0; times < 200; times++) await liar.send(frames);
      let reason = "";
      while (reason !== TOO_MUCH) {
        const message = decodeMessage(await liar.receive());
        if (message.type === "refuse") ({ reason } = message);
      }
      expect(logged().filter((line) => line.includes(TOO_MUCH))).not.toEqual([]);
      await liar.send(encodeMessage({ type: "inspect", runId: "", taskType: "", seq: undefined }));
      await expect(liar.receive()).rejects.toThrow(); // nobody answers
    }
    await finish();
  },
);
