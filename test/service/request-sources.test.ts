import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { serviceEndpoints } from "../support/endpoints.ts";
import { long } from "../support/long.ts";
import { running } from "../support/running-service.ts";
import { EchoWorker, makeClient } from "../support/service-roles.ts";

test("A list of requests may be any iterable; replies are in its order", async () => {
  const endpoints = await serviceEndpoints("inproc");
  await running(endpoints, [new EchoWorker(endpoints, { concurrency: 10 })]);
  await using client = makeClient(endpoints);
  function* some() {
    for (let n = 0; n < 3000; n++) yield { n };
  }
  async function* later() {
    for (const request of some()) {
      if (request.n % 1000 === 0) await sleep(1);
      yield request;
    }
  }
  for (const list of [some(), later(), new Set(some())]) {
    const replies = await client.request(list);
    expect(replies.map(({ n }) => n)).toEqual(Array.from({ length: 3000 }, (_, n) => n));
  }
  const settled = await client.request(new Set([{ n: 1 }, { n: 2, throws: "no" }]), { settled: true });
  expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
});

test("A list of requests that throws has its error thrown and running requests aborted; after a failure the list is closed", async () => {
  const endpoints = await serviceEndpoints("inproc");
  const worker = new EchoWorker(endpoints, { concurrency: 10 });
  await running(endpoints, [worker]);
  await using client = makeClient(endpoints);
  async function* broken() {
    yield { n: 1, wait: 60_000 };
    await expect.poll(() => worker.running).toBe(1);
    throw new Error("the file ends here");
  }
  await expect(client.request(broken())).rejects.toThrow("the file ends here");
  await expect.poll(() => worker.aborted).toEqual([1]);
  let isClosed = false;
  function* endless() {
    try {
      for (let n = 0; ; n++) yield n === 5 ? { n, throws: "five" } : { n };
    } finally {
      isClosed = true;
    }
  }
  await expect(client.request(endless())).rejects.toMatchObject({ message: "five", index: 5 });
  expect(isClosed).toBe(true);
  const waiting = (async function* () {
    yield { n: 1 };
    await new Promise(() => {});
  })();
  const signal = AbortSignal.timeout(50);
  await expect(client.request(waiting, { signal })).rejects.toMatchObject({ name: "TimeoutError" });
});

test("Undefined is refused as a request", async () => {
  const endpoints = await serviceEndpoints("inproc");
  const client = makeClient(endpoints) as unknown as { request(data?: unknown): Promise<unknown> };
  await expect(client.request()).rejects.toThrow("Expected a value as request, got undefined");
  await expect(client.request([undefined])).rejects.toThrow("Expected a value as request[0], got undefined");
});

long("A handler that never ends gives its slot to others when no client waits for it", async () => {
  class Stuck extends EchoWorker {
    override handleMessage(...args: Parameters<EchoWorker["handleMessage"]>) {
      if (args[0].n === 0) return new Promise<never>(() => {});
      return super.handleMessage(...args);
    }
  }
  const endpoints = await serviceEndpoints("inproc");
  await running(endpoints, [new Stuck(endpoints)]);
  await using client = makeClient(endpoints, { timeout: 20_000 });
  await expect(client.request({ n: 0 }, { timeout: 100 })).rejects.toMatchObject({ code: "REQUEST_TIMEOUT" });
  expect(await client.request({ n: 1 })).toMatchObject({ n: 1 });
});
