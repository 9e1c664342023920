import { describe, expect, test } from "vitest";
import { ERROR_CODES, Service, ServiceClient, ServiceWorker } from "../../src/index.ts";
import { freshEndpoints, serviceEndpoints } from "../support/endpoints.ts";
import { address } from "../support/endpoints-of.ts";
import { NumbersWorker } from "../support/roles.ts";
import { running } from "../support/running-service.ts";
import { EchoWorker, makeClient, makeService } from "../support/service-roles.ts";

describe("stop() of a service", () => {
  test("refuses new requests, lets the accepted ones finish, and ends its workers", async () => {
    const endpoints = await serviceEndpoints("ipc");
    const worker = new EchoWorker(endpoints);
    const service = makeService(endpoints);
    const [serving, working] = [service.run(), worker.run()];
    await using client = makeClient(endpoints);
    const accepted = [1, 2].map((n) => client.request({ n, wait: 100 }));
    await expect.poll(() => service.status.types.echo).toMatchObject({ running: 1, queued: 1 });
    const stopped = service.stop();
    await expect(client.request({ n: 3 })).rejects.toMatchObject({ code: "SERVICE_STOPPED" });
    expect((await Promise.all(accepted)).map(({ n }) => n)).toEqual([1, 2]);
    await stopped;
    expect(await serving).toEqual({ requests: 3, replied: 2, failed: 0, refused: 1, lost: 0, cancelled: 0 });
    expect(await working).toEqual({ executed: 2, failed: 0 });
  });

  test("at its deadline loses running requests, says of waiting ones that they did not run, and tells handlers", async () => {
    const endpoints = await serviceEndpoints("ipc");
    const worker = new EchoWorker(endpoints);
    const service = makeService(endpoints);
    const [serving, working] = [service.run(), worker.run()];
    await using client = makeClient(endpoints);
    const requests = [1, 2].map((n) => client.request({ n, wait: 60_000 }));
    const outcomes = Promise.allSettled(requests);
    await expect.poll(() => service.status.types.echo).toMatchObject({ running: 1, queued: 1 });
    await service.stop({ timeout: 100 });
    expect(await outcomes).toMatchObject([
      { reason: { code: "REQUEST_LOST" } },
      { reason: { code: "SERVICE_STOPPED" } },
    ]);
    expect(await serving).toMatchObject({ lost: 1, refused: 1 });
    await working;
    expect(worker.aborted).toEqual([1]);
  });

  test("before run() does nothing, an aborted signal ends run() at once, and the service can run again", async () => {
    const endpoints = await serviceEndpoints("inproc");
    const service = makeService(endpoints);
    await service.stop();
    expect(await service.run({ signal: AbortSignal.abort() })).toMatchObject({ requests: 0 });
    const worker = new EchoWorker(endpoints);
    expect(await worker.run({ signal: AbortSignal.abort() })).toEqual({ executed: 0, failed: 0 });
    const controller = new AbortController();
    const serving = service.run({ signal: controller.signal });
    await expect(service.run()).rejects.toThrow("running already");
    controller.abort();
    await serving;
    const again = service.run();
    await service.stop();
    await again;
  });

  test("with endWorkers false lets workers and clients go on with the next service", async () => {
    const endpoints = await serviceEndpoints("ipc");
    const worker = new EchoWorker(endpoints);
    const working = worker.run();
    await using client = makeClient(endpoints);
    for (let life = 0; life < 2; life++) {
      const service = makeService(endpoints, { endWorkers: false });
      const serving = service.run();
      expect(await client.request({ n: life })).toMatchObject({ n: life });
      await service.stop();
      await serving;
    }
    await worker.stop();
    expect(await working).toEqual({ executed: 2, failed: 0 });
  });
});

describe("A service worker", () => {
  test("at stop() finishes running requests and gives waiting ones back", async () => {
    const endpoints = await serviceEndpoints("ipc");
    const leaving = new EchoWorker(endpoints, { name: "leaving" });
    const service = await running(endpoints, []);
    await using client = makeClient(endpoints);
    const working = leaving.run();
    const requests = [1, 2, 3].map((n) => client.request({ n, wait: 150 }));
    await expect.poll(() => leaving.running).toBe(1);
    await leaving.stop();
    expect(await working).toEqual({ executed: 1, failed: 0 });
    const other = new EchoWorker(endpoints, { name: "other" });
    const otherWorking = other.run();
    expect((await Promise.all(requests)).map(({ worker }) => worker)).toEqual(["leaving", "other", "other"]);
    expect(service.status).toMatchObject({ lost: 0, replied: 3 });
    await other.stop();
    await otherWorking;
  });

  test("at the deadline of stop() loses the running request", async () => {
    const endpoints = await serviceEndpoints("ipc");
    const worker = new EchoWorker(endpoints);
    await running(endpoints, [worker]);
    await using client = makeClient(endpoints);
    const request = client.request({ n: 1, wait: 60_000 });
    const outcome = request.catch((error: unknown) => error);
    await expect.poll(() => worker.running).toBe(1);
    await worker.stop({ timeout: 50 });
    expect(await outcome).toMatchObject({ code: "REQUEST_LOST" });
  });

  test("fails its run when a hook throws", async () => {
    const endpoints = await serviceEndpoints("inproc");
    await running(endpoints, []);
    const worker = new EchoWorker(endpoints);
    worker.initWorker = () => {
      throw new Error("no database");
    };
    await expect(worker.run()).rejects.toMatchObject({
      code: "INIT_FAILED",
      message: "initWorker() threw: no database",
      role: "serviceworker",
    });
  });

  test("with a peerTimeout does not wait for ever", async () => {
    const endpoints = await serviceEndpoints("ipc");
    class Impatient extends EchoWorker {
      override readonly peerTimeout = 100;
    }
    await expect(new Impatient(endpoints).run()).rejects.toMatchObject({ code: "PEER_TIMEOUT" });
  });
});

describe("A ServiceClient", () => {
  test("at stop() waits for replies and refuses new requests", async () => {
    const endpoints = await serviceEndpoints("ipc");
    await running(endpoints, [new EchoWorker(endpoints)]);
    const client = makeClient(endpoints);
    const requests = client.request([1, 2, 3].map((n) => ({ n, wait: 50 })));
    const stopped = client.stop();
    await expect(client.request({ n: 4 })).rejects.toMatchObject({ code: "CLIENT_STOPPED" });
    expect((await requests).map(({ n }) => n)).toEqual([1, 2, 3]);
    await stopped;
    await client.stop();
  });

  test("at the deadline of stop() fails the requests that are left, and tells their handlers", async () => {
    const endpoints = await serviceEndpoints("ipc");
    const worker = new EchoWorker(endpoints);
    const service = await running(endpoints, [worker]);
    const client = makeClient(endpoints);
    const request = client.request({ n: 1, wait: 60_000 });
    const outcome = request.catch((error: unknown) => error);
    await expect.poll(() => worker.running).toBe(1);
    await client.stop({ timeout: 50 });
    expect(await outcome).toMatchObject({ code: "CLIENT_STOPPED" });
    await expect.poll(() => worker.aborted).toEqual([1]);
    await expect.poll(() => service.status.clients).toBe(0);
  });

  test("closes an idle connection, and opens it again", async () => {
    const endpoints = await serviceEndpoints("ipc");
    const service = await running(endpoints, [new EchoWorker(endpoints)]);
    await using client = makeClient(endpoints, { idleTimeout: 50 });
    await client.request({ n: 1 });
    expect(service.status.clients).toBe(1);
    await expect.poll(() => service.status.clients).toBe(0);
    expect(await client.request({ n: 2 })).toMatchObject({ n: 2 });
  });
});

describe("A service refuses", () => {
  test("a worker at its frontend and a client at its backend", async () => {
    const endpoints = await serviceEndpoints("ipc");
    await running(endpoints, [new EchoWorker(endpoints)]);
    const crossed = { front: endpoints.back, back: endpoints.front };
    await expect(new EchoWorker(crossed).run()).rejects.toMatchObject({
      code: "PEER_REFUSED",
      message: expect.stringContaining("frontend endpoint, for clients"),
    });
    await using client = makeClient(crossed);
    await expect(client.request({ n: 1 })).rejects.toMatchObject({ code: "PEER_REFUSED" });
    await using right = makeClient(endpoints);
    expect(await right.request({ n: 2 })).toMatchObject({ n: 2 });
  });

  test("a worker of a batch", async () => {
    const endpoints = await serviceEndpoints("ipc");
    await running(endpoints, []);
    const batch = { ...(await freshEndpoints("ipc")), task: endpoints.back };
    await expect(new NumbersWorker(batch).run()).rejects.toMatchObject({ code: "PEER_REFUSED" });
  });
});

describe("Misuse", () => {
  const [front, back] = [address("inproc://front"), address("inproc://back")];

  test("of a service is refused", () => {
    const make = (options: object) => () =>
      new Service({ frontendEndpoint: front, backendEndpoint: back, ...options });
    expect(make({ frontendEndpoint: "tcp://localhost:1" })).toThrow(
      "frontendEndpoint must be an EndpointAddress",
    );
    expect(make({ backendEndpoint: front })).toThrow("must differ");
    expect(make({ maxQueue: -1 })).toThrow(RangeError);
    expect(make({ maxQueueBytes: 0.5 })).toThrow(RangeError);
    expect(make({ workerTimeout: Number.NaN })).toThrow(RangeError);
    expect(make({ crashLimit: 0 })).toThrow(RangeError);
    expect(make({})().status).toMatchObject({ requests: 0, clients: 0, types: {} });
  });

  test("of a service worker is refused", async () => {
    const run = (fields: object) => {
      class Wrong extends ServiceWorker {
        readonly endpoint = back;
        handleMessage() {}
      }
      return Object.assign(new Wrong(), fields).run();
    };
    await expect(run({ endpoint: "x" })).rejects.toThrow("Wrong.endpoint must be an EndpointAddress");
    await expect(run({ taskType: 1 })).rejects.toThrow("Wrong.taskType must be a TaskType");
    await expect(run({ concurrency: 0 })).rejects.toThrow(RangeError);
    await expect(run({ timeout: -1 })).rejects.toThrow(RangeError);
    await expect(run({ nThreads: 2 })).rejects.toThrow("Wrong.module must be the URL");
    await expect(run({ nThreads: 2, concurrency: 2 })).rejects.toThrow(
      "Wrong sets both nThreads and concurrency, which exclude each other",
    );
  });

  test("of a client is refused", async () => {
    expect(() => new ServiceClient("x" as never)).toThrow("endpoint must be an EndpointAddress");
    expect(() => new ServiceClient(front, { timeout: -1 })).toThrow(RangeError);
    expect(() => new ServiceClient(front, { taskType: 1 as never })).toThrow(TypeError);
    await using client = new ServiceClient(front);
    await expect(client.request({}, { timeout: Number.NaN })).rejects.toThrow(RangeError);
    await expect(client.request({}, { taskType: 1 as never })).rejects.toThrow(TypeError);
  });
});

test("Every error code that says that a request did not run is documented so", () => {
  for (const code of ["SERVICE_BUSY", "NO_WORKER", "SERVICE_STOPPED"] as const) {
    expect(ERROR_CODES[code]).toContain("did not run");
  }
  for (const code of ["REQUEST_LOST", "REQUEST_TIMEOUT"] as const) {
    expect(ERROR_CODES[code]).toContain("may have run");
  }
});
