import { describe, expect, onTestFinished, test } from "vitest";
import * as zmq from "zeromq";
import { Inspector, MetaDataWorker } from "../../src/index.ts";
import { PROTOCOL_VERSION } from "../../src/protocol/limits.ts";
import type { Message } from "../../src/protocol/message.ts";
import { decodeMessage, encodeMessage } from "../../src/protocol/wire/codec.ts";
import { captureLog } from "../support/captured-log.ts";
import { freshEndpoints, serviceEndpoints } from "../support/endpoints.ts";
import { address } from "../support/endpoints-of.ts";
import { BOUND_FIELDS } from "../support/field-bounds.ts";
import { LyingListener } from "../support/lying-listener.ts";
import { LongTask, makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";
import { running } from "../support/running-service.ts";
import { EchoWorker, makeClient } from "../support/service-roles.ts";

const logged = captureLog();

/** What a role says of a message that claims more than a field may hold; the last of a code or flag that nobody knows. */
const BEYOND = /more than|longer than|larger than|out of range|must be a string of|is not one of those known/;
const VERSION = `Peer speaks protocol version 0, this is version ${PROTOCOL_VERSION}`;

/** A message of another version: each listener answers it with a refusal, after all that came before. */
const marker = Buffer.from(encodeMessage({ type: "ping", runId: "" })[0] as Uint8Array);
marker[3] = 0;

/** Sends messages on a connection of its own. @returns The reasons of all refusals, up to that of the first that ends the connection or of the marker. */
async function refusalsOf(endpoint: string, frames: Uint8Array[]): Promise<string[]> {
  const dealer = new zmq.Dealer({ linger: 0, receiveTimeout: 20_000 });
  onTestFinished(() => dealer.close());
  dealer.connect(endpoint.replace("localhost", "127.0.0.1"));
  await dealer.send(frames);
  await dealer.send(marker);
  const reasons: string[] = [];
  while (!reasons.some((reason) => reason === VERSION || BEYOND.test(reason))) {
    const message = decodeMessage(await dealer.receive());
    if (message.type === "refuse") reasons.push(message.reason);
  }
  dealer.close();
  return reasons;
}

/** Sends each field at its bound and beyond to each of the listeners. Unknown codes and flags are no messages, and have no answer. */
async function tryListeners(endpoints: readonly string[], afterEach: () => Promise<unknown>): Promise<void> {
  for (const { field, bound, isClaim, frames } of BOUND_FIELDS)
    for (const endpoint of endpoints) {
      const atBound = await refusalsOf(endpoint, frames(bound));
      expect(`${field} at its bound: ${atBound.at(-1)}`).toBe(`${field} at its bound: ${VERSION}`);
      const beyond = await refusalsOf(endpoint, frames(bound + 1n));
      expect(`${field} beyond its bound: ${beyond[0]}`).toMatch(isClaim ? BEYOND : VERSION);
      await afterEach();
    }
}

class Metadata extends MetaDataWorker<{ n: number }> {
  readonly endpoint;
  constructor(endpoint: string) {
    super();
    this.endpoint = address(endpoint);
  }
  getMetadata() {
    return { n: 1 };
  }
}

describe("Each field of each message, at its bound and beyond", () => {
  test("to each listener of a run: what is beyond is refused, and the run finishes", async () => {
    const endpoints = await freshEndpoints("tcp");
    const collector = new NumbersCollector(endpoints);
    const task = new LongTask(endpoints);
    const metadata = { receiveMetadata: true, metadataEndpoint: address(endpoints.metadata) };
    const all = Promise.all([makeDistributor(endpoints, task, metadata).run(), collector.run()]);
    const { metadata: beforeMetadata, ...others } = {
      metadata: endpoints.metadata,
      task: endpoints.task,
      collector: endpoints.collector,
      ack: endpoints.ack,
    };
    await tryListeners([beforeMetadata], async () => {}); // the endpoint is closed when metadata has come
    await new Metadata(endpoints.metadata).run();
    const worker = new NumbersWorker(endpoints).run();
    await tryListeners(Object.values(others), async () => {});
    task.isWanted = false;
    const [summary] = await all;
    await worker;
    const items = summary.tasks.numbers?.items ?? 0;
    expect(summary).toMatchObject({ status: "complete", tasks: { numbers: { acked: items, failed: 0 } } });
    expect(collector.hasEachOnce(items)).toBe(true);
    expect(task.metadata).toEqual({ n: 1 });
  });

  test("to both listeners of a service: what is beyond is refused, and requests are answered", async () => {
    const endpoints = await serviceEndpoints("tcp");
    await running(endpoints, [new EchoWorker(endpoints)]);
    await using client = makeClient(endpoints);
    await tryListeners([endpoints.front, endpoints.back], async () => {
      expect(await client.request({ n: 1 })).toMatchObject({ n: 1 });
    });
  });
});

const ENOUGH = "This is enough";
const enough: Message = { type: "refuse", runId: "", reason: ENOUGH };
/** A message that no listener sends: a role that hears it logs that. */
const misplaced: Message = { type: "bye", runId: "" };

/** A role that connects to a listener, and runs until it is refused or stopped. */
interface Connecting {
  readonly liar: LyingListener;
  start(): { readonly end: Promise<unknown>; stop?(): Promise<void> };
}

function started(role: { run(): Promise<unknown>; stop(options?: { timeout: number }): Promise<void> }) {
  return { end: role.run(), stop: () => role.stop({ timeout: 0 }) };
}

/** How each connecting role is started, with a listener in the place of the role that it connects to. */
const CONNECTING: Readonly<Record<string, () => Promise<Connecting>>> = {
  "a worker, from its distributor": async () => {
    const endpoints = await freshEndpoints("ipc");
    return {
      liar: await LyingListener.at(endpoints.task),
      start: () => ({ end: new NumbersWorker(endpoints).run() }),
    };
  },
  "a worker, from its collector": async () => {
    const endpoints = await freshEndpoints("ipc");
    const distributor = await LyingListener.at(endpoints.task);
    distributor.answers = () => [
      {
        type: "welcome",
        runId: "run",
        role: "distributor",
        peerId: "d",
        timeoutMs: 0,
        ticket: "",
        context: "",
        metadata: new Uint8Array(0),
      },
    ];
    const liar = await LyingListener.at(endpoints.collector);
    return { liar, start: () => started(new NumbersWorker(endpoints)) };
  },
  "a distributor, from its collector": async () => {
    const endpoints = await freshEndpoints("ipc");
    const liar = await LyingListener.at(endpoints.collector);
    return { liar, start: () => ({ end: makeDistributor(endpoints, new NumbersTask(endpoints, 1)).run() }) };
  },
  "a distributor, from its collector's ACK endpoint": async () => {
    const endpoints = await freshEndpoints("ipc");
    const liar = await LyingListener.at(endpoints.ack);
    return { liar, start: () => ({ end: makeDistributor(endpoints, new NumbersTask(endpoints, 1)).run() }) };
  },
  "a metadata worker, from its distributor": async () => {
    const { metadata } = await freshEndpoints("ipc");
    return { liar: await LyingListener.at(metadata), start: () => ({ end: new Metadata(metadata).run() }) };
  },
  "a service worker": async () => {
    const endpoints = await serviceEndpoints("tcp");
    return {
      liar: await LyingListener.at(endpoints.back),
      start: () => ({ end: new EchoWorker(endpoints).run() }),
    };
  },
  "a client": async () => {
    const endpoints = await serviceEndpoints("tcp");
    const run = async () => {
      await using client = makeClient(endpoints, { timeout: 5000 });
      await client.request({ n: 1 });
    };
    return { liar: await LyingListener.at(endpoints.front), start: () => ({ end: run() }) };
  },
  "an inspector": async () => {
    const { task } = await freshEndpoints("ipc");
    const run = async () => {
      await using inspector = new Inspector(address(task), { timeout: 5000 });
      await inspector.status();
    };
    return { liar: await LyingListener.at(task), start: () => ({ end: run() }) };
  },
};

interface Heard {
  readonly isStopped: boolean;
  readonly reason: string;
  readonly refused: string;
}

/** @returns Why the role ended, if a refusal ends it, and the first line of its log about a refused message. */
async function heard({ liar, start }: Connecting, frames: Buffer[]): Promise<Heard> {
  const before = logged().length;
  const refused = () =>
    logged()
      .slice(before)
      .find((line) => line.includes("refused a peer or its message")) ?? "";
  liar.answers = () => [frames, misplaced, enough];
  const { end, stop } = start();
  const ended = Promise.allSettled([end]);
  if (stop !== undefined) {
    await expect.poll(refused, { interval: 1, timeout: 20_000 }).not.toBe("");
    await stop();
  }
  const [outcome] = await ended;
  const reason = outcome.status === "rejected" ? String(outcome.reason) : "";
  return { isStopped: stop !== undefined, reason, refused: refused() };
}

describe("Each field of each message, at its bound and beyond: the one is read, the other is not, and ends nothing, from a listener to", () => {
  test.each(Object.entries(CONNECTING))("%s", async (role, connect) => {
    const connecting = await connect();
    const hasLog = role !== "an inspector";
    for (const { field, bound, frames } of BOUND_FIELDS) {
      const atBound = await heard(connecting, frames(bound));
      expect(`${field} at its bound: ${atBound.refused}`).not.toMatch(BEYOND);
      const beyond = await heard(connecting, frames(bound + 1n));
      if (hasLog) expect(`${field} beyond its bound: ${beyond.refused}`).toMatch(BEYOND);
      if (!beyond.isStopped) expect(`${field} beyond its bound: ${beyond.reason}`).toContain(ENOUGH);
    }
  });
});
