import { describe, expect, test } from "vitest";
import { PipelineError, TaskType } from "../../src/index.ts";
import { serviceEndpoints } from "../support/endpoints.ts";
import { running } from "../support/running-service.ts";
import { EchoWorker, makeClient } from "../support/service-roles.ts";

describe("A broker", () => {
  test("gives the next request to the least loaded worker; among idle ones to the longest idle", async () => {
    const endpoints = await serviceEndpoints("inproc");
    const names = ["a", "b", "c"];
    const service = await running(
      endpoints,
      names.map((name) => new EchoWorker(endpoints, { name })),
    );
    await using client = makeClient(endpoints);
    await expect.poll(() => service.status.types.echo?.workers).toBe(3);
    await client.request({ n: 0 });
    await client.request({ n: 0 });
    await client.request({ n: 0 }); // all are initialised, and idle in the order of these
    const order: string[] = [];
    for (let n = 0; n < 9; n++) order.push((await client.request({ n })).worker);
    expect(new Set(order.slice(0, 3)).size).toBe(3);
    expect(order.slice(3, 6)).toEqual(order.slice(0, 3));
    expect(order.slice(6)).toEqual(order.slice(0, 3));
  });

  test("gives a worker as many requests at a time as the worker's concurrency, and spreads requests by it", async () => {
    const endpoints = await serviceEndpoints("inproc");
    const large = new EchoWorker(endpoints, { name: "large", concurrency: 6 });
    const small = new EchoWorker(endpoints, { name: "small", concurrency: 2 });
    const service = await running(endpoints, [large, small]);
    await using client = makeClient(endpoints);
    await expect.poll(() => service.status.types.echo?.workers).toBe(2);
    const replies = await client.request(Array.from({ length: 40 }, (_, n) => ({ n, wait: 40 })));
    expect([large.mostRunning, small.mostRunning]).toEqual([6, 2]);
    const ofSmall = replies.filter(({ worker }) => worker === "small").length;
    expect(ofSmall).toBeGreaterThanOrEqual(8);
    expect(ofSmall).toBeLessThanOrEqual(12);
  });

  test("gives a request that waits behind a long one to an idle worker", async () => {
    const endpoints = await serviceEndpoints("ipc");
    const workers = ["a", "b"].map((name) => new EchoWorker(endpoints, { name }));
    await running(endpoints, workers);
    await using client = makeClient(endpoints);
    // Short ones first: the service lets workers hold many of them.
    await client.request(Array.from({ length: 5000 }, (_, n) => ({ n })));
    const list = Array.from({ length: 2000 }, (_, n) => (n === 100 ? { n, wait: 5000 } : { n }));
    const controller = new AbortController();
    const requests = list.map((each) => client.request(each, { signal: controller.signal }));
    requests[100]?.catch(() => {});
    const others = requests.filter((_, n) => n !== 100);
    expect((await Promise.all(others)).length).toBe(1999);
    controller.abort();
  });

  test("refuses requests at once when its queue is full", async () => {
    const endpoints = await serviceEndpoints("inproc");
    const service = await running(endpoints, [new EchoWorker(endpoints)], { maxQueue: 3 });
    await using client = makeClient(endpoints);
    await client.request({ n: 0 });
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = Array.from({ length: 4 }, (_, n) => client.request({ n, wait: 60_000 }, { signal }));
    for (const each of waiting) each.catch(() => {});
    const error = await client.request({ n: 9 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PipelineError);
    expect(error).toMatchObject({ code: "SERVICE_BUSY", message: expect.stringContaining('"echo"') });
    expect(service.status).toMatchObject({ refused: 1, types: { echo: { queued: 3, running: 1 } } });
    controller.abort();
  });

  test("refuses requests when its queue is full by bytes", async () => {
    const endpoints = await serviceEndpoints("inproc");
    await running(endpoints, [new EchoWorker(endpoints)], { maxQueueBytes: 10_000 });
    await using client = makeClient(endpoints, { timeout: 500 });
    await client.request({ n: 0 });
    const large = { n: 1, wait: 60_000, filler: "x".repeat(6000) };
    const outcomes = await client.request([large, large, large, large], { settled: true });
    const codes = outcomes.map((each) => each.status === "rejected" && each.reason.code);
    expect(codes).toEqual(["REQUEST_TIMEOUT", "REQUEST_TIMEOUT", "SERVICE_BUSY", "SERVICE_BUSY"]);
  });

  test("lets a request wait for a worker of its type, and then fails it with an error that names the type", async () => {
    const endpoints = await serviceEndpoints("inproc");
    const service = await running(endpoints, [new EchoWorker(endpoints)], { workerTimeout: 200 });
    await using client = makeClient(endpoints);
    const MISSING = TaskType.register("missing");
    await expect(client.request({ n: 1 }, { taskType: MISSING })).rejects.toMatchObject({
      code: "NO_WORKER",
      message: 'No worker of task type "missing" was there within 200 ms',
      taskType: "missing",
    });
    expect(service.status.types.missing).toBeUndefined();
    const late = client.request({ n: 2 }, { taskType: MISSING });
    class Late extends EchoWorker {
      override readonly taskType = MISSING;
    }
    const worker = new Late(endpoints);
    const working = worker.run();
    expect(await late).toMatchObject({ n: 2 });
    await worker.stop();
    await working;
  });
});
