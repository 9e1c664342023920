import fc from "fast-check";
import { expect, test } from "vitest";
import { MetaDataWorker } from "../../src/index.ts";
import type { Direction } from "../../src/protocol/direction.ts";
import {
  ACK_LINK_TO_DISTRIBUTOR,
  CLIENT_TO_SERVICE,
  COLLECTOR_TO_DISTRIBUTOR,
  COLLECTOR_TO_WORKER,
  DISTRIBUTOR_TO_ACK_LINK,
  DISTRIBUTOR_TO_COLLECTOR,
  DISTRIBUTOR_TO_METADATA,
  DISTRIBUTOR_TO_WORKER,
  INSPECTOR_TO_ROLE,
  METADATA_TO_DISTRIBUTOR,
  type Message,
  SERVICE_TO_CLIENT,
  SERVICE_TO_WORKER,
  WORKER_TO_COLLECTOR,
  WORKER_TO_DISTRIBUTOR,
  WORKER_TO_SERVICE,
} from "../../src/protocol/message.ts";
import { encodePayload } from "../../src/protocol/payload/payload.ts";
import { captureLog } from "../support/captured-log.ts";
import { freshEndpoints, serviceEndpoints } from "../support/endpoints.ts";
import { address } from "../support/endpoints-of.ts";
import { oneOfEachKind } from "../support/messages.ts";
import { Relay } from "../support/relay.ts";
import { LongTask, makeDistributor, NumbersCollector, NumbersWorker } from "../support/roles.ts";
import { EchoWorker, makeClient, makeService } from "../support/service-roles.ts";

const logged = captureLog();

type AnyDirection = Direction<Message>;

/** A relay, and the directions of its two sides. */
interface Crossing {
  readonly relay: Relay;
  readonly listener: { readonly role: string; readonly hears: AnyDirection };
  readonly link: { readonly role: string; readonly hears: AnyDirection };
}

/** Messages of all kinds that would do harm if they were taken: they name the task and items of the run, and have a wrong value. */
function harmful(taskType: string): readonly Message[] {
  const bytes = fc.constant(encodePayload({ n: -1 }, "wrong"));
  return oneOfEachKind({
    name: fc.constant(taskType),
    count: fc.constant(1),
    attempt: fc.constant(1),
    seq: fc.nat({ max: 500 }),
    bytes,
  });
}

/** Sends wrong messages over relays, and counts them by the role that gets them. */
class WrongMessages {
  readonly #messages: readonly Message[];
  readonly #crossings: readonly Crossing[];
  readonly sent = new Map<string, number>();

  constructor(taskType: string, crossings: readonly Crossing[]) {
    this.#messages = harmful(taskType);
    this.#crossings = crossings;
  }

  /** Whether the relays have seen a message, and so know the run. */
  get isReady(): boolean {
    return this.#crossings.every(({ relay }) => relay.runId !== "");
  }

  /** @param atMost - Most kinds to each role. */
  send(atMost = Number.POSITIVE_INFINITY): void {
    for (const { relay, listener, link } of this.#crossings) {
      const toListener = this.#messages.filter((message) => !listener.hears.allows(message)).slice(0, atMost);
      const toLink = this.#messages.filter((message) => !link.hears.allows(message)).slice(0, atMost);
      const connections = relay.add({ toListener, toLink });
      this.#count(listener.role, connections * toListener.length);
      this.#count(link.role, connections * toLink.length);
    }
  }

  #count(role: string, messages: number): void {
    this.sent.set(role, (this.sent.get(role) ?? 0) + messages);
  }
}

/** The messages that each role has refused, by its log. A log counts messages that have no line of their own in its next line. */
function refusals(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of logged()) {
    if (!line.includes("refused a peer or its message")) continue;
    expect(line).toMatch(/reason=a peer sent a message that does not belong here: /);
    const { role, count } = JSON.parse(line.slice(line.indexOf(' {"')));
    counts.set(role, (counts.get(role) ?? 0) + count);
  }
  return counts;
}

/** Sends all kinds of wrong messages, and waits until each role's log has counted them. */
async function allRefused(wrong: WrongMessages): Promise<void> {
  await expect.poll(() => wrong.isReady, { interval: 10 }).toBe(true);
  wrong.send();
  const expected = new Map(wrong.sent);
  const roles = [...expected.keys()];
  const missing = () => {
    const refused = refusals();
    return roles.filter((role) => (refused.get(role) ?? 0) < (expected.get(role) ?? 0));
  };
  // A role writes the count when it refuses one more message, a second later.
  const nextLines = () => {
    const roles = missing();
    if (roles.length > 0) wrong.send(1);
    return roles;
  };
  await expect.poll(nextLines, { interval: 200 }).toEqual([]);
  for (const [role, count] of refusals()) expect(count).toBeLessThanOrEqual(wrong.sent.get(role) ?? 0);
}

const wide = (direction: unknown) => direction as AnyDirection;
const crossing = async (
  [from, to]: readonly [string, string],
  listener: readonly [string, unknown],
  link: readonly [string, unknown],
): Promise<Crossing> => ({
  relay: await Relay.start(from, to),
  listener: { role: listener[0], hears: wide(listener[1]) },
  link: { role: link[0], hears: wide(link[1]) },
});

test("Messages of the wrong direction, to each role of a run, are refused and change nothing", async () => {
  const endpoints = await freshEndpoints("ipc");
  const relayed = await freshEndpoints("ipc");
  const fromDistributor = { ...endpoints, collector: relayed.second, ack: relayed.ack };
  const toData = WORKER_TO_COLLECTOR.and(DISTRIBUTOR_TO_COLLECTOR).and(INSPECTOR_TO_ROLE);
  const wrong = new WrongMessages("numbers", [
    await crossing(
      [relayed.task, endpoints.task],
      ["distributor", WORKER_TO_DISTRIBUTOR.and(INSPECTOR_TO_ROLE)],
      ["worker", DISTRIBUTOR_TO_WORKER],
    ),
    await crossing(
      [relayed.collector, endpoints.collector],
      ["collector", toData],
      ["worker", COLLECTOR_TO_WORKER],
    ),
    await crossing(
      [relayed.second, endpoints.collector],
      ["collector", toData],
      ["distributor", COLLECTOR_TO_DISTRIBUTOR],
    ),
    await crossing(
      [relayed.ack, endpoints.ack],
      ["collector", DISTRIBUTOR_TO_ACK_LINK.and(INSPECTOR_TO_ROLE)],
      ["distributor", ACK_LINK_TO_DISTRIBUTOR],
    ),
    await crossing(
      [relayed.metadata, endpoints.metadata],
      ["distributor", METADATA_TO_DISTRIBUTOR],
      ["metadataworker", DISTRIBUTOR_TO_METADATA],
    ),
  ]);

  class Metadata extends MetaDataWorker<{ n: number }> {
    readonly endpoint;
    readonly #n: Promise<number>;
    constructor(endpoint: string, n: Promise<number>) {
      super();
      this.endpoint = address(endpoint);
      this.#n = n;
    }
    async getMetadata() {
      return { n: await this.#n };
    }
  }

  const task = new LongTask(endpoints);
  const collector = new NumbersCollector(endpoints);
  let letGo = (_n: number) => {};
  const late = new Promise<number>((resolve) => {
    letGo = resolve;
  });
  const all = Promise.all([
    makeDistributor(fromDistributor, task, {
      receiveMetadata: true,
      metadataEndpoint: address(endpoints.metadata),
    }).run(),
    collector.run(),
    new NumbersWorker(relayed).run(),
    new Metadata(endpoints.metadata, Promise.resolve(1)).run(),
    new Metadata(relayed.metadata, late).run(), // runs until the test lets it go
  ]);
  await expect.poll(() => collector.seen.size, { interval: 10 }).toBeGreaterThan(100);
  await allRefused(wrong);
  const seen = collector.seen.size;
  await expect.poll(() => collector.seen.size, { interval: 10 }).toBeGreaterThan(seen + 100);
  letGo(2);
  task.isWanted = false;
  const [summary, collected, worked] = await all;
  const items = task.produced;
  expect(summary.status).toBe("complete");
  expect(summary.tasks.numbers).toMatchObject({ items, acked: items, failed: 0, retried: 0 });
  expect(collected).toMatchObject({ status: "complete", collected: items, failed: 0, duplicates: 0 });
  expect(worked).toEqual({ executed: items, failed: 0 });
  expect(collector.hasEachOnce(items)).toBe(true);
  expect(task.metadata).toEqual({ n: 1 });
});

test("Messages of the wrong direction, to each role of a service, are refused and change nothing", async () => {
  const endpoints = await serviceEndpoints("tcp");
  const relayed = await serviceEndpoints("tcp");
  const wrong = new WrongMessages("echo", [
    await crossing(
      [relayed.front, endpoints.front],
      ["service", CLIENT_TO_SERVICE.and(INSPECTOR_TO_ROLE)],
      ["serviceclient", SERVICE_TO_CLIENT],
    ),
    await crossing(
      [relayed.back, endpoints.back],
      ["service", WORKER_TO_SERVICE.and(INSPECTOR_TO_ROLE)],
      ["serviceworker", SERVICE_TO_WORKER],
    ),
  ]);
  const service = makeService(endpoints);
  const worker = new EchoWorker(relayed);
  const ends = Promise.all([service.run(), worker.run()]);
  const client = makeClient(relayed);
  let answered = 0;
  let isOver = false;
  const asking = (async () => {
    for (; !isOver; answered += 1) expect((await client.request({ n: answered })).n).toBe(answered);
  })();
  await expect.poll(() => answered, { interval: 10 }).toBeGreaterThan(10);
  await allRefused(wrong);
  const before = answered;
  await expect.poll(() => answered, { interval: 10 }).toBeGreaterThan(before + 10);
  isOver = true;
  await asking;
  await client.stop();
  await service.stop();
  const [summary, worked] = await ends;
  expect(summary).toMatchObject({ requests: answered, replied: answered, failed: 0 });
  expect(worked).toEqual({ executed: answered, failed: 0 });
});
