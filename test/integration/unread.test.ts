import { expect, onTestFinished, test } from "vitest";
import * as zmq from "zeromq";
import { encodePayload } from "../../src/protocol/payload/payload.ts";
import { decodeMessage, encodeMessage } from "../../src/protocol/wire/codec.ts";
import { captureLog } from "../support/captured-log.ts";
import { serviceEndpoints } from "../support/endpoints.ts";
import { long } from "../support/long.ts";
import { running } from "../support/running-service.ts";
import { EchoWorker, makeClient } from "../support/service-roles.ts";

const logged = captureLog();
const MIB = 2 ** 20;

/** Answers each request with as many MiB as it says. */
class LargeWorker extends EchoWorker {
  override async handleMessage({ n }: { n: number }) {
    return { n, pid: 0, worker: "", attempt: 1, id: "", bytes: Buffer.alloc(n * MIB) };
  }
}

test("A client gets many large replies, each once and whole", async () => {
  const endpoints = await serviceEndpoints("tcp");
  await running(endpoints, [new LargeWorker(endpoints, { concurrency: 50 })]);
  await using client = makeClient(endpoints);
  const replies = await Promise.all(Array.from({ length: 100 }, () => client.request({ n: 2 })));
  expect(replies.map((reply) => (reply as unknown as { bytes: Buffer }).bytes.length)).toEqual(
    new Array(100).fill(2 * MIB),
  );
});

long(
  "A client that never reads costs a service half a GiB at the most, and others are answered",
  async () => {
    const endpoints = await serviceEndpoints("tcp");
    await running(endpoints, [new LargeWorker(endpoints, { concurrency: 50 })]);
    const before = process.memoryUsage().rss;
    const deaf = new zmq.Dealer({ linger: 0, receiveHighWaterMark: 1, receiveTimeout: 20_000 });
    onTestFinished(() => deaf.close());
    deaf.connect(endpoints.front.replace("localhost", "127.0.0.1"));
    const hello = {
      type: "hello",
      runId: "",
      role: "serviceclient",
      peerId: "deaf",
      taskType: "",
      ticket: "",
      held: [],
    } as const;
    await deaf.send(encodeMessage(hello));
    const { runId } = decodeMessage(await deaf.receive());
    await using client = makeClient(endpoints);
    let most = 0;
    const isGone = () => logged().some((line) => line.includes("does not read what it is sent"));
    for (let seq = 1; seq <= 1500 && !isGone(); seq++) {
      const items = [{ seq, attempt: 1, payload: encodePayload({ n: 1 }, "request") }];
      await deaf.send(
        encodeMessage({
          type: "request",
          runId,
          taskType: "echo",
          timeoutMs: 0,
          idempotent: false,
          context: "",
          items,
        }),
      );
      if (seq % 10 === 0) expect(await client.request({ n: 0 })).toMatchObject({ n: 0 });
      most = Math.max(most, process.memoryUsage().rss - before);
    }
    await expect.poll(isGone).toBe(true);
    expect(most).toBeLessThan(1024 * MIB);
    expect(await client.request({ n: 0 })).toMatchObject({ n: 0 });
  },
);
