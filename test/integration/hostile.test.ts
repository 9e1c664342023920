import { describe, expect, test } from "vitest";
import * as zmq from "zeromq";
import { MetaDataWorker } from "../../src/index.ts";
import { PROTOCOL_VERSION } from "../../src/protocol/limits.ts";
import { decodeMessage, encodeMessage } from "../../src/protocol/wire/codec.ts";
import { EMPTY } from "../../src/protocol/wire/payload-frames.ts";
import { captureLog } from "../support/captured-log.ts";
import { freshEndpoints, serviceEndpoints } from "../support/endpoints.ts";
import { address, type PipelineEndpoints } from "../support/endpoints-of.ts";
import { attackListener, flood, HostileServer, PAYLOADS, SECRET } from "../support/hostile.ts";
import { long } from "../support/long.ts";
import { LongTask, makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";
import { running } from "../support/running-service.ts";
import { EchoWorker, makeClient } from "../support/service-roles.ts";

const logged = captureLog();

/** What was refused is logged, at a bounded rate, and without a word of the payload. */
function checkLog(seconds: number, endpoints: number): void {
  const refused = logged().filter((line) => line.includes("refused"));
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThanOrEqual((seconds + 1) * endpoints * 4);
  expect(logged().filter((line) => line.includes(SECRET))).toEqual([]);
}

class Metadata extends MetaDataWorker<{ good: boolean }> {
  readonly endpoint;
  constructor(endpoints: PipelineEndpoints) {
    super();
    this.endpoint = address(endpoints.metadata);
  }
  getMetadata() {
    return { good: true };
  }
}

describe("Hostile connections beside good peers", () => {
  test("to each listener of a run: the run finishes, memory is bounded, the log says what was refused", async () => {
    const endpoints = await freshEndpoints("tcp");
    const collector = new NumbersCollector(endpoints);
    const task = new LongTask(endpoints);
    const begun = performance.now();
    const distributor = makeDistributor(endpoints, task, {
      receiveMetadata: true,
      metadataEndpoint: address(endpoints.metadata),
    });
    const run = distributor.run();
    await attackMetadata(endpoints.metadata);
    const good = Promise.all([
      run,
      new Metadata(endpoints).run(),
      new NumbersWorker(endpoints).run(),
      collector.run(),
    ]);
    await expect.poll(() => collector.seen.size).toBeGreaterThan(100);
    const before = process.memoryUsage().rss;
    const listeners = [endpoints.task, endpoints.collector, endpoints.ack, endpoints.metadata];
    for (const endpoint of listeners) await attackListener(endpoint);
    for (const endpoint of listeners) await flood(endpoint, 100);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
    const seen = collector.seen.size;
    await expect.poll(() => collector.seen.size).toBeGreaterThan(seen + 100); // it goes on
    task.isWanted = false;
    const [summary] = await good;
    const items = summary.tasks.numbers?.items ?? 0;
    expect(summary).toMatchObject({ status: "complete", tasks: { numbers: { acked: items, failed: 0 } } });
    expect(collector.hasEachOnce(items)).toBe(true);
    expect(task.metadata).toEqual({ good: true });
    checkLog((performance.now() - begun) / 1000, listeners.length);
  });

  test("that know the run id, of a worker that hoards, lies and vanishes, cost no item", async () => {
    const endpoints = await freshEndpoints("tcp");
    const collector = new NumbersCollector(endpoints);
    const task = new LongTask(endpoints);
    const distributor = makeDistributor(endpoints, task);
    const good = Promise.all([distributor.run(), new NumbersWorker(endpoints).run(), collector.run()]);
    await expect.poll(() => collector.seen.size).toBeGreaterThan(100);
    const liar = new zmq.Dealer({ linger: 0, receiveTimeout: 20_000 });
    liar.connect(endpoints.task.replace("localhost", "127.0.0.1"));
    const hello = {
      type: "hello",
      runId: "",
      role: "worker",
      peerId: "liar",
      taskType: "numbers",
      ticket: "",
      held: [],
    } as const;
    await liar.send(encodeMessage(hello));
    const welcome = decodeMessage(await liar.receive());
    const { runId } = welcome;
    await liar.send(encodeMessage({ type: "ready", runId, concurrency: 16_384 }));
    const granted = decodeMessage(await liar.receive());
    expect(granted.type).toBe("grant");
    const error = { name: "", message: "", stack: "", code: "" };
    for (let seq = 0; seq < 500; seq++) {
      await liar.send(encodeMessage({ type: "fail", runId, seq, attempt: 99, retryable: false, error }));
      await liar.send(
        encodeMessage({ type: "returned", runId, leaving: false, items: [{ seq, attempt: 7 }] }),
      );
    }
    liar.close();
    task.isWanted = false;
    const [summary] = await good;
    const items = summary.tasks.numbers?.items ?? 0;
    expect(summary).toMatchObject({ status: "complete", tasks: { numbers: { acked: items, failed: 0 } } });
    expect(summary.tasks.numbers?.retried).toBeGreaterThan(0);
    expect(collector.hasEachOnce(items)).toBe(true);
  });

  test("to both listeners of a service: requests are answered all the time", async () => {
    const endpoints = await serviceEndpoints("tcp");
    const begun = performance.now();
    await running(endpoints, [new EchoWorker(endpoints)]);
    await using client = makeClient(endpoints);
    let answered = 0;
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        expect((await client.request({ n: answered })).n).toBe(answered);
        answered += 1;
      }
    })();
    await expect.poll(() => answered).toBeGreaterThan(10);
    const listeners = [endpoints.front, endpoints.back];
    for (const endpoint of listeners) await attackListener(endpoint);
    for (const endpoint of listeners) await flood(endpoint, 100);
    const before = answered;
    await expect.poll(() => answered).toBeGreaterThan(before + 10);
    isOver = true;
    await asking;
    checkLog((performance.now() - begun) / 1000, listeners.length);
  });
});

/** Payloads that must not be decoded, in messages that could not be better otherwise. */
async function attackMetadata(endpoint: string): Promise<void> {
  const dealer = new zmq.Dealer({ linger: 0, receiveTimeout: 20_000 });
  dealer.connect(endpoint.replace("localhost", "127.0.0.1"));
  const hello = {
    runId: "",
    role: "metadataworker",
    peerId: "x",
    taskType: "",
    ticket: "",
    held: [],
  } as const;
  await dealer.send(encodeMessage({ type: "hello", ...hello }));
  const { runId } = decodeMessage(await dealer.receive());
  for (const payload of PAYLOADS) await dealer.send(encodeMessage({ type: "metadata", runId, payload }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  dealer.close();
}

/** With an error that says what is missing; or as it was told to, where the liar knows the words for that. */
function expectQuietEnds(kind: "ZeroMQ" | "raw", outcomes: readonly PromiseSettledResult<unknown>[]): void {
  for (const outcome of outcomes) {
    if (outcome.status === "rejected")
      expect(outcome.reason.code).toMatch(/^(PEER_TIMEOUT|PEER_REFUSED|REQUEST_TIMEOUT)$/);
    else expect(kind).toBe("ZeroMQ");
  }
}

describe.each(["ZeroMQ", "raw"] as const)(
  "A server that lies (%s) harms no role that connects to it",
  (kind) => {
    const listen = (endpoint: string) =>
      kind === "ZeroMQ" ? HostileServer.listen(endpoint) : HostileServer.listenRaw(endpoint);

    long("a worker, a distributor and a metadata worker give up in their time", async () => {
      const endpoints = await freshEndpoints("tcp");
      const servers = await Promise.all(
        [endpoints.second, endpoints.collector, endpoints.ack, endpoints.metadata].map(listen),
      );
      class Hasty extends NumbersWorker {
        override readonly peerTimeout = 1500;
      }
      class HastyMetadata extends Metadata {
        override readonly peerTimeout = 1500;
      }
      const worker = new Hasty({ ...endpoints, task: endpoints.second });
      const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 10), { peerTimeout: 1500 });
      const outcomes = await Promise.allSettled([
        worker.run(),
        distributor.run(),
        new HastyMetadata(endpoints).run(),
      ]);
      expectQuietEnds(kind, outcomes);
      expect(servers.every(({ heard }) => heard > 0)).toBe(true);
      expect(logged().filter((line) => line.includes(SECRET))).toEqual([]);
    });

    test("a client and a service worker fail or wait as with no server", async () => {
      const endpoints = await serviceEndpoints("tcp");
      const servers = await Promise.all([endpoints.front, endpoints.back].map(listen));
      class Hasty extends EchoWorker {
        override readonly peerTimeout = 1500;
      }
      await using client = makeClient(endpoints, { timeout: 1000 });
      const outcomes = await Promise.allSettled([client.request({ n: 1 }), new Hasty(endpoints).run()]);
      expectQuietEnds(kind, outcomes);
      expect(servers.every(({ heard }) => heard > 0)).toBe(true);
      expect(logged().filter((line) => line.includes(SECRET))).toEqual([]);
    });
  },
);

test("A peer of another version is told why, in a message that every version can read", async () => {
  const endpoints = await freshEndpoints("tcp");
  const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 1));
  const running = distributor.run();
  const hello = {
    runId: "",
    role: "worker",
    peerId: "w",
    taskType: "numbers",
    ticket: "",
    held: [],
  } as const;
  const frame = Buffer.from(encodeMessage({ type: "hello", ...hello })[0] ?? EMPTY);
  frame[3] = PROTOCOL_VERSION + 1;
  const dealer = new zmq.Dealer({ linger: 0, receiveTimeout: 20_000 });
  dealer.connect(endpoints.task.replace("localhost", "127.0.0.1"));
  await dealer.send(frame);
  const refusal = await dealer.receive();
  expect(refusal.toString()).toContain(
    `Peer speaks protocol version ${PROTOCOL_VERSION + 1}, this is version ${PROTOCOL_VERSION}`,
  );
  dealer.close();
  await distributor.stop();
  await running;
});
