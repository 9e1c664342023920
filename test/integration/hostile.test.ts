import { connect } from "node:net";
import { expect, test } from "vitest";
import * as zmq from "zeromq";
import { encodeMessage } from "../../src/protocol/codec.ts";
import { freshEndpoints } from "../support/endpoints.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";

/** Sends bytes to a port and waits until the other side, or we, have had enough. */
function throwBytes(port: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.end(bytes));
    socket.setTimeout(300, () => socket.destroy());
    socket.on("error", () => {}); // being thrown out is what is wanted
    socket.resume().once("close", () => resolve());
  });
}

test("random bytes, HTTP, garbage frames and foreign runs on every socket: a good run beside them finishes", async () => {
  const endpoints = await freshEndpoints("tcp");
  const items = 3000;
  class SlowTask extends NumbersTask {
    override async handle(...args: Parameters<NumbersTask["handle"]>) {
      if (this.produced % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      return await super.handle(...args);
    }
  }
  const collector = new NumbersCollector(endpoints);
  const good = Promise.all([
    makeDistributor(endpoints, new SlowTask(endpoints, items)).run(),
    new NumbersWorker(endpoints).run(),
    collector.run(),
  ]);
  while (collector.seen.size < 100) await new Promise((resolve) => setTimeout(resolve, 5));

  const addresses = [endpoints.task, endpoints.collector, endpoints.ack];
  const hello = (runId: string) =>
    encodeMessage({
      type: "hello",
      runId,
      role: "worker",
      peerId: "w",
      taskType: "numbers",
      held: [{ seq: 2 ** 51, attempt: 1 }],
    });
  const version9 = Buffer.from(hello("")[0] ?? []);
  version9[3] = 9;
  const garbage: Uint8Array[][] = [
    [Buffer.from("garbage")],
    [Buffer.alloc(100_000, 0xff)],
    [Buffer.from([0x5a, 0x51, 0x50, 1, 5, 0xff, 0xff, 0xff, 0xff])],
    Array.from({ length: 200 }, () => Buffer.of(1)),
    encodeMessage({ type: "end", runId: "another run", status: "complete", reason: "" }),
    encodeMessage({
      type: "ack",
      runId: "another run",
      taskType: "numbers",
      workerId: "x",
      busy: 1,
      bytes: 1,
      seqs: [1, 2],
      ackData: new Uint8Array(),
    }),
    encodeMessage({
      type: "result",
      runId: "another run",
      taskType: "numbers",
      workerId: "x",
      busy: 1,
      items: [],
    }),
    encodeMessage({
      type: "fail",
      runId: "another run",
      seq: 1,
      attempt: 1,
      retryable: true,
      error: { name: "", message: "", stack: "", code: "" },
    }),
    hello("another run"),
    [version9],
  ];
  for (const address of addresses) {
    const port = Number(new URL(address).port);
    await throwBytes(
      port,
      Buffer.from(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400\r\n\r\n${"A".repeat(400)}`),
    );
    await throwBytes(port, Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7919) % 251)));
    const dealer = new zmq.Dealer({ linger: 0, sendTimeout: 500, receiveTimeout: 1000 });
    dealer.connect(address.replace("localhost", "127.0.0.1"));
    for (const frames of garbage) await dealer.send(frames);
    if (address === endpoints.task) {
      // The peer of another version is told why, in a message that every version can read.
      let refusal: Buffer[] = [];
      while (refusal[0]?.[4] !== 0) refusal = await dealer.receive();
      expect(refusal[0]?.toString()).toContain("Peer speaks protocol version 9, this is version 1");
    }
    dealer.close();
  }
  const [summary] = await good;
  expect(summary.tasks.numbers).toMatchObject({ items, acked: items, failed: 0 });
  expect(collector.hasEachOnce(items)).toBe(true);
});
