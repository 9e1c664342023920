import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { freshEndpoints } from "../support/endpoints.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";

class ImpatientTask extends NumbersTask {
  override readonly retry = { attempts: 3, backoff: 5 };
}

test("An item whose handler throws once is retried, on another worker where there is one", async () => {
  const endpoints = await freshEndpoints("inproc");
  const ranOn = new Map<number, string[]>();
  const handler = (name: string) => (data: { n: number }) => {
    // Not by info.attempt: an item called back before it was executed begins with a higher one.
    const isFirst = !ranOn.has(data.n);
    ranOn.set(data.n, [...(ranOn.get(data.n) ?? []), name]);
    if (isFirst && data.n % 10 === 0) throw new Error("first time");
    return data;
  };
  const collector = new NumbersCollector(endpoints);
  const [summary] = await Promise.all([
    makeDistributor(endpoints, new ImpatientTask(endpoints, 100)).run(),
    new NumbersWorker(endpoints, handler("a")).run(),
    new NumbersWorker(endpoints, handler("b")).run(),
    collector.run(),
  ]);
  expect(collector.hasEachOnce(100)).toBe(true);
  expect(summary.tasks.numbers).toEqual({ items: 100, acked: 100, failed: 0, retried: 10, skipped: 0 });
  const retried = [...ranOn.values()].filter((names) => names.length === 2);
  expect(retried.length).toBe(10);
  expect(retried.every(([first, second]) => first !== second)).toBe(true);
});

test("An item whose handler always throws is delivered to handleFailure with name, message, stack, data and attempts", async () => {
  const endpoints = await freshEndpoints("inproc");
  const collector = new NumbersCollector(endpoints);
  const ids = new Map<number, string>();
  const worker = new NumbersWorker(endpoints, (data, info) => {
    ids.set(data.n, info.id);
    if (data.n === 7) throw new RangeError("seven is out of range");
    return data;
  });
  const [summary] = await Promise.all([
    makeDistributor(endpoints, new ImpatientTask(endpoints, 20)).run(),
    worker.run(),
    collector.run(),
  ]);
  expect(summary).toMatchObject({
    status: "complete",
    tasks: { numbers: { items: 20, acked: 19, failed: 1, retried: 2 } },
  });
  expect(collector.failures).toHaveLength(1);
  expect(collector.failures[0]).toMatchObject({
    id: ids.get(7),
    data: { n: 7 },
    attempts: 3,
    error: { name: "RangeError", message: "seven is out of range" },
  });
  expect(collector.failures[0]?.error.stack).toContain("failures.test.ts");
  expect(collector.seen.size).toBe(19);
  expect(collector.finished).toBe(1);
});

test("An item is not retried after an error with retryable: false, or a result that cannot be sent", async () => {
  const endpoints = await freshEndpoints("inproc");
  const collector = new NumbersCollector(endpoints);
  const worker = new NumbersWorker(endpoints, (data) => {
    if (data.n === 1) throw Object.assign(new Error("hopeless"), { retryable: false });
    if (data.n === 2) return { callback: () => 1 };
    if (data.n === 3) return new Map() as never;
    return data;
  });
  const [summary] = await Promise.all([
    makeDistributor(endpoints, new ImpatientTask(endpoints, 5)).run(),
    worker.run(),
    collector.run(),
  ]);
  expect(summary.tasks.numbers).toMatchObject({ acked: 2, failed: 3, retried: 0 });
  const messages = collector.failures.map(({ error }) => error.message).sort();
  expect(messages[0]).toMatch(/^Value at result is a Map/);
  expect(messages[1]).toMatch(/^Value at result\.callback is a function/);
  expect(messages[2]).toBe("hopeless");
});

test("The timeout of an item aborts info.signal, then the item fails with EXECUTION_TIMEOUT; others go on", async () => {
  const endpoints = await freshEndpoints("inproc");
  class TimedTask extends NumbersTask {
    override readonly timeout = 100;
    override readonly retry = { attempts: 1 };
  }
  const collector = new NumbersCollector(endpoints);
  const reasons: unknown[] = [];
  const worker = new NumbersWorker(
    endpoints,
    async (data, { signal }) => {
      if (data.n === 3) {
        await sleep(60_000, undefined, { signal }).catch(() => reasons.push(signal.reason));
        throw new Error("was aborted");
      }
      if (data.n === 4) await new Promise(() => {}); // takes no notice
      return data;
    },
    4,
  );
  const [summary] = await Promise.all([
    makeDistributor(endpoints, new TimedTask(endpoints, 10)).run(),
    worker.run(),
    collector.run(),
  ]);
  expect(summary.tasks.numbers).toMatchObject({ acked: 8, failed: 2 });
  expect(reasons).toHaveLength(1);
  expect(reasons[0]).toMatchObject({ name: "TimeoutError" });
  expect(collector.failures.map(({ error }) => error.code)).toEqual([
    "EXECUTION_TIMEOUT",
    "EXECUTION_TIMEOUT",
  ]);
});

test("A run with more failures than maxFailures allows ends with TOO_MANY_FAILURES", async () => {
  const endpoints = await freshEndpoints("inproc");
  const worker = new NumbersWorker(endpoints, () => {
    throw Object.assign(new Error("no"), { retryable: false });
  });
  const results = await Promise.allSettled([
    makeDistributor(endpoints, new ImpatientTask(endpoints, 1000), { maxFailures: 5 }).run(),
    worker.run(),
    new NumbersCollector(endpoints).run(),
  ]);
  expect(results[0]).toMatchObject({ status: "rejected", reason: { code: "TOO_MANY_FAILURES" } });
  expect(results[1].status).toBe("fulfilled");
  expect(results[2]).toMatchObject({ status: "rejected", reason: { code: "RUN_ABORTED" } });
});

test("A collector whose handler throws ends with COLLECTION_FAILED; the item goes to the next collector", async () => {
  const endpoints = await freshEndpoints("inproc");
  class BrokenCollector extends NumbersCollector {
    override handleCollection(...args: Parameters<NumbersCollector["handleCollection"]>): undefined {
      if (args[0].n === 30) throw new Error("database is down");
      super.handleCollection(...args);
      return undefined;
    }
  }
  const broken = new BrokenCollector(endpoints);
  const run = Promise.all([
    makeDistributor(endpoints, new NumbersTask(endpoints, 200)).run(),
    new NumbersWorker(endpoints).run(),
  ]);
  await expect(broken.run()).rejects.toMatchObject({
    code: "COLLECTION_FAILED",
    cause: { message: "database is down" },
  });
  const collector = new NumbersCollector(endpoints);
  await collector.run();
  await run;
  expect(broken.seen.has(30)).toBe(false);
  expect(collector.seen.get(30)).toBe(1);
  expect(new Set([...broken.seen.keys(), ...collector.seen.keys()]).size).toBe(200);
});

test("A worker's concurrency is how many async executions run at a time", async () => {
  const endpoints = await freshEndpoints("inproc");
  let now = 0;
  let most = 0;
  const worker = new NumbersWorker(
    endpoints,
    async (data) => {
      most = Math.max(most, ++now);
      await sleep(5);
      now -= 1;
      return data;
    },
    8,
  );
  const collector = new NumbersCollector(endpoints);
  await Promise.all([
    makeDistributor(endpoints, new NumbersTask(endpoints, 200)).run(),
    worker.run(),
    collector.run(),
  ]);
  expect(collector.hasEachOnce(200)).toBe(true);
  expect(most).toBe(8);
});
