// A service whose processes are killed, stopped and lied to.
import { existsSync, readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RoleName } from "../../src/protocol/batch-message.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { LinkHandler } from "../../src/transport/transport.ts";
import { zeromqTransport } from "../../src/transport/zeromq/zeromq-transport.ts";
import { serviceEndpoints, tempFolder } from "../support/endpoints.ts";
import { address, type ServiceEndpoints } from "../support/endpoints-of.ts";
import { long } from "../support/long.ts";
import { RoleProcess } from "../support/processes.ts";
import { running } from "../support/running-service.ts";
import { EchoWorker, makeClient } from "../support/service-roles.ts";

const lines = (file: string) => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []);

/** A worker process that has said hello, with the file in which it notes what it begins. */
async function worker(endpoints: ServiceEndpoints, concurrency = 1): Promise<RoleProcess & { log: string }> {
  const log = join(tempFolder(), "log");
  const process = new RoleProcess({ role: "serviceworker", endpoints, concurrency, log });
  await process.printed("working");
  return Object.assign(process, { log });
}

describe("A service worker that dies", () => {
  test("fails its requests at once, with a code that says that they may have run", async () => {
    const endpoints = await serviceEndpoints("tcp");
    const service = await running(endpoints, []);
    const victim = await worker(endpoints);
    await using client = makeClient(endpoints, { timeout: 30_000 });
    const request = client.request({ n: 1, wait: 60_000 });
    const outcome = request.catch((error: unknown) => error);
    await expect.poll(() => lines(victim.log)).toEqual(["begin 1"]);
    victim.kill("SIGKILL");
    expect(await outcome).toMatchObject({
      code: "REQUEST_LOST",
      message: expect.stringContaining("may have run"),
    });
    expect(service.status).toMatchObject({ lost: 1 });
  });

  test("has its idempotent requests sent to another worker", async () => {
    const endpoints = await serviceEndpoints("ipc");
    await running(endpoints, []);
    const victim = await worker(endpoints);
    await using client = makeClient(endpoints);
    const requests = [1, 2].map((n) => client.request({ n, wait: 300 }, { idempotent: true }));
    await expect.poll(() => lines(victim.log)).toEqual(["begin 1"]);
    victim.kill("SIGKILL");
    const other = await worker(endpoints);
    const [first, second] = await Promise.all(requests);
    expect(first).toMatchObject({ n: 1, attempt: 2, pid: other.pid });
    expect(second).toMatchObject({ n: 2, pid: other.pid });
  });

  test("of the same request again and again has that request given up, and no other fails", async () => {
    const endpoints = await serviceEndpoints("ipc");
    const service = await running(endpoints, [], { crashLimit: 2 });
    await using client = makeClient(endpoints, { idempotent: true });
    const [first] = [await worker(endpoints), await worker(endpoints)];
    const poison = client.request({ n: 1, exit: true });
    const outcome = poison.catch((error: unknown) => error);
    const others = client.request(Array.from({ length: 20 }, (_, n) => ({ n: n + 100, wait: 5 })));
    expect(await outcome).toMatchObject({
      code: "REQUEST_LOST",
      message: expect.stringContaining("2 workers"),
    });
    expect(first?.child.signalCode ?? "SIGKILL").toBe("SIGKILL");
    await worker(endpoints);
    expect((await others).length).toBe(20);
    expect(service.status).toMatchObject({ lost: 1, replied: 20 });
  });
});

describe("A broker that dies", () => {
  test("is found again by workers and clients; requests under way are lost or sent again", async () => {
    const endpoints = await serviceEndpoints("tcp");
    const broker = new RoleProcess({ role: "service", endpoints });
    const serving = await worker(endpoints, 2);
    await using client = makeClient(endpoints, { timeout: 30_000 });
    expect(await client.request({ n: 1 })).toMatchObject({ n: 1 });
    const once = client.request({ n: 2, wait: 60_000 }).catch((error: unknown) => error);
    const again = client.request({ n: 3, wait: 500 }, { idempotent: true });
    await expect.poll(() => lines(serving.log).length).toBe(3);
    broker.kill("SIGKILL");
    expect(await once).toMatchObject({ code: "REQUEST_LOST" });
    // Its handler is told that nobody waits any more.
    await expect.poll(() => lines(serving.log)).toContain("aborted 2");
    const meanwhile = client.request({ n: 4 });
    const next = new RoleProcess({ role: "service", endpoints });
    await next.printed("started");
    expect(await again).toMatchObject({ n: 3, attempt: 2, pid: serving.pid });
    expect(await meanwhile).toMatchObject({ n: 4, attempt: 1, pid: serving.pid });
    next.kill("SIGTERM");
    expect(await next.outcome()).toMatchObject({ requests: 2, replied: 2 });
    expect(await serving.outcome()).toMatchObject({ failed: expect.any(Number) });
  });
});

describe("A client that vanishes", () => {
  test("has its queue emptied and its handlers aborted", async () => {
    const endpoints = await serviceEndpoints("ipc");
    const inProcess = new EchoWorker(endpoints, { concurrency: 2 });
    const service = await running(endpoints, [inProcess]);
    const vanishing = new RoleProcess({ role: "serviceclient", endpoints, requests: 10, wait: 60_000 });
    await expect
      .poll(() => service.status.types.echo, { timeout: 10_000 })
      .toMatchObject({ running: 2, queued: 8 });
    vanishing.kill("SIGKILL");
    await expect
      .poll(() => service.status.types.echo, { timeout: 5000 })
      .toMatchObject({ running: 0, queued: 0 });
    expect(inProcess.aborted.toSorted()).toEqual([0, 1]);
    expect(service.status).toMatchObject({ clients: 0, cancelled: 10 });
    await using client = makeClient(endpoints);
    expect(await client.request({ n: 99 })).toMatchObject({ n: 99 });
  });
});

describe("A service worker that does not answer", () => {
  test("while it is frozen has its late reply dropped, and works on when it wakes up", async () => {
    const endpoints = await serviceEndpoints("tcp");
    const service = await running(endpoints, []);
    const frozen = await worker(endpoints);
    await using client = makeClient(endpoints, { timeout: 30_000 });
    const request = client.request({ n: 1, wait: 200 });
    const outcome = request.catch((error: unknown) => error);
    await expect.poll(() => lines(frozen.log)).toEqual(["begin 1"]);
    frozen.kill("SIGSTOP");
    expect(await outcome).toMatchObject({ code: "REQUEST_LOST" });
    frozen.kill("SIGCONT");
    expect(await client.request({ n: 2 })).toMatchObject({ n: 2, pid: frozen.pid });
    expect(service.status).toMatchObject({ requests: 2, replied: 1, lost: 1 });
  });

  long("because it is busy is never taken for a dead one", async () => {
    const endpoints = await serviceEndpoints("tcp");
    await running(endpoints, []);
    await worker(endpoints);
    await using client = makeClient(endpoints, { timeout: 30_000 });
    expect(await client.request({ n: 1, block: 4000 })).toMatchObject({ n: 1, attempt: 1 });
  });
});

describe("Messages that make no sense", () => {
  test("never stop the broker", async () => {
    const endpoints = await serviceEndpoints("tcp");
    const service = await running(endpoints, [new EchoWorker(endpoints)]);
    await using client = makeClient(endpoints);
    await client.request({ n: 1 });
    for (const endpoint of [endpoints.front, endpoints.back]) {
      const socket = createConnection(Number(endpoint.split(":").at(-1)));
      socket.on("error", () => {}); // the listener may hang up on it
      socket.end("POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n".padEnd(100_000, "x"));
      const peer = await connected(endpoint);
      sendEverything(peer, "of another life");
      const role = endpoint === endpoints.front ? "serviceclient" : "serviceworker";
      sendEverything(peer, await peer.greet(role));
      await peer.close();
    }
    expect(await client.request({ n: 2 })).toMatchObject({ n: 2 });
    await expect.poll(() => service.status.types.echo?.workers).toBe(1);
  });

  test("fail their own request only, when a payload is none", async () => {
    const endpoints = await serviceEndpoints("tcp");
    await running(endpoints, [new EchoWorker(endpoints)]);
    const peer = await connected(endpoints.front);
    const runId = await peer.greet("serviceclient");
    const items = [{ seq: 1, attempt: 1, payload: Uint8Array.of(0xc1, 0xff) }];
    peer.send({
      type: "request",
      runId,
      taskType: "echo",
      timeoutMs: 0,
      idempotent: false,
      context: "",
      items,
    });
    await expect
      .poll(() => peer.received.at(-1))
      .toMatchObject({ type: "failure", error: { name: "ProtocolError" } });
    await peer.close();
    await using client = makeClient(endpoints);
    expect(await client.request({ n: 2 })).toMatchObject({ n: 2 });
  });
});

/** A peer that sends what it likes. */
interface Stranger {
  readonly received: Message[];
  send(message: Message): void;
  /** @returns The run that the service told. */
  greet(role: RoleName): Promise<string>;
  close(): Promise<void>;
}

async function connected(endpoint: string): Promise<Stranger> {
  const received: Message[] = [];
  let isUp = false;
  const handler: LinkHandler = {
    onConnected: () => {
      isUp = true;
    },
    onDisconnected: () => {},
    onRefused: () => {},
    onFailed: () => {},
    onMessage: (message) => received.push(message),
  };
  const link = zeromqTransport.connect(address(endpoint), handler, { role: "stranger", keys: undefined });
  await expect.poll(() => isUp).toBe(true);
  return {
    received,
    send: (message) => link.send(message),
    greet: async (role) => {
      link.send({
        type: "hello",
        runId: "",
        role,
        peerId: "stranger",
        taskType: "echo",
        ticket: "",
        held: [],
      });
      const welcome = () => received.find(({ type }) => type === "welcome"); // a ping may follow it
      await expect.poll(welcome).toBeDefined();
      return welcome()?.runId ?? "";
    },
    close: () => link.close(),
  };
}

/** Everything that a client or a worker could say, and more, about a request that is not theirs. */
function sendEverything(peer: Stranger, runId: string): void {
  const payload = Uint8Array.of(0xc1);
  const items = [{ seq: 7, attempt: 1 }];
  const error = { name: "Error", message: "x", stack: "", code: "THREAD_LOST" };
  peer.send({ type: "reply", runId, busyMs: 1, items: [{ seq: 7, attempt: 1, payload }] });
  peer.send({ type: "failure", runId, origin: "worker", error, items });
  peer.send({ type: "returned", runId, leaving: true, items });
  peer.send({ type: "cancel", runId, items });
  peer.send({ type: "assign", runId, clients: ["x"], items: [] });
  peer.send({ type: "recall", runId, count: 3 });
  peer.send({ type: "accepted", runId });
  peer.send({ type: "metadata", runId, payload });
  peer.send({ type: "end", runId, status: "aborted", reason: "" });
}
