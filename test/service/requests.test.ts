import { describe, expect, test } from "vitest";
import { type EndpointScheme, RemoteError, ServiceWorker, TaskType } from "../../src/index.ts";
import { serviceEndpoints } from "../support/endpoints.ts";
import { address } from "../support/endpoints-of.ts";
import { long } from "../support/long.ts";
import { running } from "../support/running-service.ts";
import { EchoWorker, makeClient } from "../support/service-roles.ts";

describe.each<EndpointScheme>(["tcp", "ipc", "inproc"])("A service over %s", (scheme) => {
  test("answers a request, and a list in order, with both workers", async () => {
    const endpoints = await serviceEndpoints(scheme);
    const workers = ["a", "b"].map((name) => new EchoWorker(endpoints, { name }));
    await running(endpoints, workers);
    await using client = makeClient(endpoints);
    expect(await client.request({ n: 1 })).toMatchObject({ n: 1, attempt: 1 });
    const replies = await client.request(Array.from({ length: 40 }, (_, n) => ({ n, wait: (n * 7) % 10 })));
    expect(replies.map(({ n }) => n)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(new Set(replies.map(({ worker }) => worker))).toEqual(new Set(["a", "b"]));
    expect(new Set(replies.map(({ id }) => id)).size).toBe(40);
  });

  test("works in any start order: the client first, the service last", async () => {
    const endpoints = await serviceEndpoints(scheme);
    await using client = makeClient(endpoints);
    const reply = client.request({ n: 5 });
    const worker = new EchoWorker(endpoints);
    const working = worker.run();
    await running(endpoints, []);
    expect(await reply).toMatchObject({ n: 5 });
    await worker.stop();
    await working;
  });
});

describe("Requests:", () => {
  test("an empty list and an empty object are answered", async () => {
    const endpoints = await serviceEndpoints("inproc");
    class Blank extends ServiceWorker {
      readonly endpoint = address(endpoints.back);
      handleMessage(data: Record<string, unknown>, taskType: TaskType, msgtype: string) {
        return Object.keys(data).length === 0 ? undefined : { ...data, taskType: taskType.name, msgtype };
      }
    }
    await running(endpoints, [new Blank()]);
    await using client = makeClient(endpoints, { taskType: TaskType.register("") });
    expect(await client.request([])).toEqual([]);
    expect(await client.request({} as { n: number })).toEqual({});
    expect(await client.request({ n: 3 })).toEqual({ n: 3, taskType: "", msgtype: "DATA" });
  });

  test("each request goes to the workers of its type", async () => {
    const endpoints = await serviceEndpoints("inproc");
    const OTHER = TaskType.register("other echo");
    class Other extends EchoWorker {
      override readonly taskType = OTHER;
    }
    await running(endpoints, [
      new EchoWorker(endpoints, { name: "echo" }),
      new Other(endpoints, { name: "other" }),
    ]);
    await using client = makeClient(endpoints);
    expect(await client.request({ n: 1 })).toMatchObject({ worker: "echo" });
    expect(await client.request({ n: 1 }, { taskType: OTHER })).toMatchObject({ worker: "other" });
  });

  test("what a handler throws arrives with its name, message, code and stack", async () => {
    const endpoints = await serviceEndpoints("ipc");
    await running(endpoints, [new EchoWorker(endpoints)]);
    await using client = makeClient(endpoints);
    const error = await client.request({ n: 1, throws: "too large" }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({
      name: "RangeError",
      message: "too large",
      code: "REQUEST_FAILED",
      remoteCode: "ECHO",
      taskType: "echo",
    });
    expect((error as RemoteError).remoteStack).toMatch(
      /^RangeError: too large\n.*EchoWorker\.handleMessage.*$/,
    );
    expect(await client.request({ n: 2 })).toMatchObject({ n: 2 });
  });

  test("a list fails as a whole with the index of the first failure, and ends the others", async () => {
    const endpoints = await serviceEndpoints("inproc");
    const worker = new EchoWorker(endpoints, { concurrency: 10 });
    const service = await running(endpoints, [worker]);
    await using client = makeClient(endpoints);
    const list = Array.from({ length: 8 }, (_, n) => (n === 5 ? { n, throws: "bad" } : { n, wait: 5000 }));
    await expect(client.request(list)).rejects.toMatchObject({ message: "bad", index: 5 });
    await expect.poll(() => worker.aborted).toEqual([0, 1, 2, 3, 4, 6, 7]);
    await expect.poll(() => service.status.types.echo).toMatchObject({ queued: 0, running: 0 });
    expect(service.status).toMatchObject({ requests: 8, failed: 1, cancelled: 7 });
  });

  test("with settled, each request of a list fails by itself", async () => {
    const endpoints = await serviceEndpoints("inproc");
    await running(endpoints, [new EchoWorker(endpoints)]);
    await using client = makeClient(endpoints);
    const [first, second, third] = await client.request([{ n: 0 }, { n: 1, throws: "bad" }, { n: 2 }], {
      settled: true,
    });
    expect(first).toMatchObject({ status: "fulfilled", value: { n: 0 } });
    expect(second).toMatchObject({ status: "rejected", reason: { name: "RangeError", message: "bad" } });
    expect(third).toMatchObject({ status: "fulfilled", value: { n: 2 } });
  });

  long("a list far longer than the queue is answered", async () => {
    const endpoints = await serviceEndpoints("ipc");
    await running(endpoints, [new EchoWorker(endpoints), new EchoWorker(endpoints)]);
    await using client = makeClient(endpoints);
    const replies = await client.request(Array.from({ length: 30_000 }, (_, n) => ({ n })));
    expect(replies.every((reply, n) => reply.n === n)).toBe(true);
  });

  test("an aborted request is rejected with the reason and its handler is told, also when it waits", async () => {
    const endpoints = await serviceEndpoints("ipc");
    const worker = new EchoWorker(endpoints);
    const service = await running(endpoints, [worker]);
    await using client = makeClient(endpoints);
    const controller = new AbortController();
    const { signal } = controller;
    const requests = [1, 2, 3].map((n) => client.request({ n, wait: 5000 }, { signal }));
    await expect.poll(() => service.status.types.echo?.running).toBe(1);
    const reason = new Error("not needed");
    controller.abort(reason);
    for (const request of requests) await expect(request).rejects.toBe(reason);
    await expect.poll(() => worker.aborted).toEqual([1]);
    await expect(client.request({ n: 4 }, { signal })).rejects.toBe(reason);
    expect(await client.request({ n: 5 })).toMatchObject({ n: 5 });
    await expect(client.request([{ n: 6 }, { n: 7 }], { signal })).rejects.toBe(reason);
  });

  test("a request that takes too long fails with REQUEST_TIMEOUT, and its handler is told", async () => {
    const endpoints = await serviceEndpoints("inproc");
    const worker = new EchoWorker(endpoints);
    await running(endpoints, [worker]);
    await using client = makeClient(endpoints);
    await client.request({ n: 0 });
    await expect(client.request({ n: 1, wait: 5000 }, { timeout: 100 })).rejects.toMatchObject({
      code: "REQUEST_TIMEOUT",
      taskType: "echo",
    });
    await expect.poll(() => worker.aborted).toEqual([1]);
  });

  test("a handler is given up at its worker's timeout", async () => {
    const endpoints = await serviceEndpoints("inproc");
    class Impatient extends EchoWorker {
      override readonly timeout = 50;
    }
    await running(endpoints, [new Impatient(endpoints)]);
    await using client = makeClient(endpoints);
    await expect(client.request({ n: 1, wait: 5000 })).rejects.toMatchObject({ code: "EXECUTION_TIMEOUT" });
  });

  test("a request without a service fails with PEER_TIMEOUT, which names the endpoint", async () => {
    const endpoints = await serviceEndpoints("ipc");
    await using client = makeClient(endpoints, { timeout: 100 });
    await expect(client.request({ n: 1 })).rejects.toMatchObject({
      code: "PEER_TIMEOUT",
      message: expect.stringContaining(endpoints.front),
    });
  });

  test("a request that cannot be sent is a TypeError, and no other fails", async () => {
    const endpoints = await serviceEndpoints("inproc");
    await running(endpoints, [new EchoWorker(endpoints)]);
    await using client = makeClient(endpoints);
    const bad = { n: 1, f: () => 1 };
    await expect(client.request(bad)).rejects.toThrow(TypeError);
    await expect(client.request([{ n: 0 }, bad])).rejects.toMatchObject({
      message: expect.stringContaining("request[1]"),
      index: 1,
    });
    await expect(client.request((() => 7) as unknown as { n: number })).rejects.toThrow(TypeError);
    expect(await client.request({ n: 2 })).toMatchObject({ n: 2 });
  });
});
