// Services whose handler runs in threads, from the compiled library.
import { threadId } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { EndpointAddress, RemoteError, Service, ServiceClient } from "zmqpipeline";
import {
  THREADED,
  ThreadedService,
  type ThreadReply,
  type ThreadRequest,
} from "../fixtures/service-threads.ts";
import { serviceEndpoints } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

async function begun(Class: new (endpoint: string) => ThreadedService = ThreadedService) {
  const endpoints = await serviceEndpoints("ipc");
  const frontendEndpoint = new EndpointAddress(endpoints.front);
  const service = new Service({ frontendEndpoint, backendEndpoint: new EndpointAddress(endpoints.back) });
  const worker = new Class(endpoints.back);
  const client = new ServiceClient<ThreadRequest, ThreadReply>(frontendEndpoint, {
    taskType: THREADED,
    timeout: 20_000,
  });
  const done = [service.run(), worker.run()];
  onTestFinished(async () => {
    await client.stop({ timeout: 0 });
    await Promise.all([service.stop({ timeout: 0 }), worker.stop({ timeout: 0 })]);
    await Promise.all(done);
  });
  return { service, client };
}

long(
  "A service worker with threads executes one request at a time in each, off the main thread",
  async () => {
    const { client, service } = await begun();
    const replies = await client.request([1, 2, 3, 4].map((n) => ({ n, block: 50 })));
    expect(replies.map(({ n }) => n)).toEqual([1, 2, 3, 4]);
    expect(new Set(replies.map(({ index }) => index))).toEqual(new Set([0, 1]));
    expect(replies.some((reply) => reply.threadId === threadId)).toBe(false);
    expect(service.status.replied).toBe(4);
  },
);

long("A service worker with threads answers thousands of short requests in order", async () => {
  const { client } = await begun();
  const replies = await client.request(Array.from({ length: 5000 }, (_, n) => ({ n })));
  expect(replies.every(({ n }, index) => n === index)).toBe(true);
});

test("An error of a handler in a thread arrives as it does without threads", async () => {
  const { client } = await begun();
  const error = await client.request({ n: 1, throws: "too large" }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RemoteError);
  expect(error).toMatchObject({ name: "RangeError", message: "too large" });
  expect((error as RemoteError).remoteStack).toContain("handleMessage");
});

long("An aborted request ends a handler that never awaits", async () => {
  const { client, service } = await begun();
  await client.request({ n: 0 });
  const controller = new AbortController();
  const request = client.request({ n: 1, untilAborted: true }, { signal: controller.signal });
  const outcome = request.catch((error: unknown) => error);
  await expect.poll(() => service.status.types[THREADED.name]?.running).toBe(1);
  controller.abort(new Error("enough"));
  expect(await outcome).toMatchObject({ message: "enough" });
  await expect.poll(() => service.status.types[THREADED.name]?.running).toBe(0);
});

long(
  "A thread that dies fails its request; an idempotent request goes to another thread, and is given up in the end",
  async () => {
    const { client } = await begun();
    await expect(client.request({ n: 1, exit: true })).rejects.toMatchObject({ code: "THREAD_LOST" });
    expect(await client.request({ n: 2 })).toMatchObject({ n: 2 });
    await expect(client.request({ n: 3, exit: true }, { idempotent: true })).rejects.toMatchObject({
      code: "REQUEST_LOST",
      message: expect.stringContaining("3 workers"),
    });
    expect(await client.request({ n: 4 })).toMatchObject({ n: 4 });
  },
);

long("A handler that loops for ever loses its thread when the worker's timeout is over", async () => {
  class Impatient extends ThreadedService {
    override readonly timeout = 100;
  }
  // Threads look the class up by its name, in the module that is given.
  Object.defineProperty(Impatient, "name", { value: "ThreadedService" });
  const { client } = await begun(Impatient);
  await expect(client.request({ n: 1, loop: true })).rejects.toMatchObject({ code: "EXECUTION_TIMEOUT" });
  expect(await client.request({ n: 2 })).toMatchObject({ n: 2 });
});
