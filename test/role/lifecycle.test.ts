import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { MetaDataWorker } from "../../src/index.ts";
import { freshEndpoints } from "../support/endpoints.ts";
import { address, type PipelineEndpoints } from "../support/endpoints-of.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";

class TestMetaData extends MetaDataWorker {
  readonly endpoint;
  constructor(endpoints: PipelineEndpoints) {
    super();
    this.endpoint = address(endpoints.metadata);
  }
  getMetadata() {
    return { key: "value" };
  }
}

const ENDLESS = Number.POSITIVE_INFINITY;

function roles(endpoints: PipelineEndpoints) {
  return {
    distributor: makeDistributor(endpoints, new NumbersTask(endpoints, ENDLESS)),
    worker: new NumbersWorker(endpoints),
    collector: new NumbersCollector(endpoints),
    metadata: new TestMetaData(endpoints),
  };
}

const NAMES = ["distributor", "worker", "collector", "metadata"] as const;

describe.each(["tcp", "inproc"] as const)("%s", (scheme) => {
  describe.each(NAMES)("%s", (name) => {
    test("can run after stop() and disposal", async () => {
      const role = roles(await freshEndpoints(scheme))[name];
      await role.stop();
      await role[Symbol.asyncDispose]();
      const running = role.run();
      await sleep(30);
      await role.stop();
      await running;
    });

    test("is ended by stop() while it waits for its peers", async () => {
      const role = roles(await freshEndpoints(scheme))[name];
      const running = role.run();
      await sleep(50);
      await role.stop();
      await running;
      await role.stop(); // after the run
    });

    test("is ended by stop() right after run(), in the same turn", async () => {
      const role = roles(await freshEndpoints(scheme))[name];
      const running = role.run();
      await Promise.all([role.stop(), running]);
    });

    test("opens nothing when its signal is aborted already, and ends when it is aborted later", async () => {
      const endpoints = await freshEndpoints(scheme);
      await roles(endpoints)[name].run({ signal: AbortSignal.abort() });
      await roles(endpoints)[name].run({ signal: AbortSignal.timeout(40) });
    });

    test("refuses run() while it runs with a TypeError", async () => {
      await using role = roles(await freshEndpoints(scheme))[name];
      const running = role.run();
      await expect(role.run()).rejects.toThrow(TypeError);
      await role.stop();
      await running;
    });
  });

  test("stop() of the distributor in mid-run drains the items in flight, and ends every role", async () => {
    const endpoints = await freshEndpoints(scheme);
    const { distributor, worker, collector } = roles(endpoints);
    const all = Promise.all([distributor.run(), worker.run(), collector.run()]);
    while (collector.seen.size < 500) await sleep(5);
    await distributor.stop();
    const [summary, , collected] = await all;
    expect(summary.status).toBe("stopped");
    const { items = 0, acked } = summary.tasks.numbers ?? {};
    expect(acked).toBe(items);
    expect(collector.hasEachOnce(items)).toBe(true);
    expect(collected).toMatchObject({ status: "stopped", collected: items });
    expect(collector.finished).toBe(1);
  });

  test("stop() of a worker in mid-run gives its items to another, and none is lost", async () => {
    const endpoints = await freshEndpoints(scheme);
    const collector = new NumbersCollector(endpoints);
    const leaver = new NumbersWorker(endpoints, async (data) => {
      await sleep(2);
      return data;
    });
    const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 400));
    const all = Promise.all([distributor.run(), collector.run(), leaver.run()]);
    while (collector.seen.size < 50) await sleep(5);
    const stayer = new NumbersWorker(endpoints).run();
    await leaver.stop();
    const [summary] = await all;
    await stayer;
    expect(summary.tasks.numbers).toEqual({ items: 400, acked: 400, failed: 0, retried: 0, skipped: 0 });
    expect(collector.hasEachOnce(400)).toBe(true);
  });

  test("stop() cuts off a drain that takes too long at the deadline", async () => {
    const endpoints = await freshEndpoints(scheme);
    const collector = new NumbersCollector(endpoints);
    let begun = false;
    const worker = new NumbersWorker(endpoints, async (data, { signal }) => {
      begun = true;
      await sleep(60_000, undefined, { signal }).catch(() => {});
      return data;
    });
    const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, ENDLESS));
    const all = Promise.all([distributor.run(), collector.run(), worker.run()]);
    while (!begun) await sleep(5);
    await distributor.stop({ timeout: 100 });
    const [summary] = await all;
    expect(summary).toMatchObject({
      status: "stopped",
      tasks: { numbers: { items: 1, acked: 0, failed: 0 } },
    });
  });
});

test("A role can run again after its run; a distributor makes one run only", async () => {
  const endpoints = await freshEndpoints("inproc");
  const { worker, collector } = roles(endpoints);
  for (const count of [20, 30]) {
    const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, count));
    collector.seen.clear();
    await Promise.all([distributor.run(), worker.run(), collector.run()]);
    expect(collector.hasEachOnce(count)).toBe(true);
    await expect(distributor.run()).rejects.toThrow(TypeError);
  }
});

describe("run() without a peer ends with PEER_TIMEOUT:", () => {
  test("a distributor without a collector", async () => {
    const endpoints = await freshEndpoints("tcp");
    const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 1), { peerTimeout: 150 });
    await expect(distributor.run()).rejects.toMatchObject({
      code: "PEER_TIMEOUT",
      message: `No collector answered at "${endpoints.collector}" and "${endpoints.ack}" within 150 ms`,
    });
  });

  test("a distributor without a worker, and the collector is told", async () => {
    const endpoints = await freshEndpoints("tcp");
    const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 1), { peerTimeout: 500 });
    const collector = new NumbersCollector(endpoints).run();
    collector.catch(() => {}); // its turn comes below
    await expect(distributor.run()).rejects.toMatchObject({
      code: "PEER_TIMEOUT",
      taskType: "numbers",
      message: `No worker of task "numbers" appeared at "${endpoints.task}" within 500 ms`,
    });
    await expect(collector).rejects.toMatchObject({ code: "RUN_ABORTED" });
  });

  test("a worker, a collector and a metadata worker without a distributor", async () => {
    const endpoints = await freshEndpoints("tcp");
    class HastyWorker extends NumbersWorker {
      override readonly peerTimeout = 150;
    }
    class HastyMetaData extends TestMetaData {
      override readonly peerTimeout = 150;
    }
    class HastyCollector extends NumbersCollector {
      override readonly peerTimeout = 150;
    }
    const timedOut = (message: string) => ({ code: "PEER_TIMEOUT", message });
    await expect(new HastyWorker(endpoints).run()).rejects.toMatchObject(
      timedOut(`No distributor answered at "${endpoints.task}" within 150 ms`),
    );
    await expect(new HastyCollector(endpoints).run()).rejects.toMatchObject(
      timedOut(
        `No distributor connected to the collector at "${endpoints.collector}" and "${endpoints.ack}" within 150 ms`,
      ),
    );
    await expect(new HastyMetaData(endpoints).run()).rejects.toMatchObject(
      timedOut(`No distributor took the metadata at "${endpoints.metadata}" within 150 ms`),
    );
  });
});

test("minWorkers holds the first item back until that many workers are ready, and fails the run when they do not come", async () => {
  const endpoints = await freshEndpoints("inproc");
  const collector = new NumbersCollector(endpoints);
  const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 100), { minWorkers: 2 });
  const first = new NumbersWorker(endpoints);
  const all = Promise.all([distributor.run(), collector.run(), first.run()]);
  await sleep(100);
  expect(distributor.progress.tasks.numbers).toMatchObject({ items: 0, workers: 1 });
  const [second] = await Promise.all([new NumbersWorker(endpoints).run(), all]);
  expect(collector.hasEachOnce(100)).toBe(true);
  expect(second.executed).toBeGreaterThan(0);

  const others = await freshEndpoints("inproc");
  const results = await Promise.allSettled([
    makeDistributor(others, new NumbersTask(others, 5), { minWorkers: 2, peerTimeout: 200 }).run(),
    new NumbersCollector(others).run(),
    new NumbersWorker(others).run(),
  ]);
  expect(results[0]).toMatchObject({
    status: "rejected",
    reason: { code: "PEER_TIMEOUT", message: /Too few workers/ },
  });
});
