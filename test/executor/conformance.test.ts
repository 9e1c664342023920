import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import type { Handler } from "../../src/executor/handler.ts";
import { CONFORMANCE, handle } from "../fixtures/conformance-worker.ts";
import { compiled } from "../support/compiled.ts";
import { InlineExecutor, ThreadedExecutor } from "../support/compiled-executors.ts";
import { ExecutorDriver } from "../support/executor-driver.ts";
import { long } from "../support/long.ts";

const FIXTURE = compiled("conformance-worker").href;

function threaded(threads: number, forward?: Handler): InstanceType<typeof ThreadedExecutor> {
  return new ThreadedExecutor({
    taskType: CONFORMANCE,
    threads,
    module: FIXTURE,
    className: "ConformanceWorker",
    workerId: "worker",
    queueMs: 40,
    flushMs: 25,
    closeTimeoutMs: 1000,
    maxItemsPerThread: Number.POSITIVE_INFINITY,
    resourceLimits: undefined,
    forward,
    depth: 1,
    facts: {},
  });
}

const kinds = {
  inline: (slots: number) => new InlineExecutor(handle as unknown as Handler, CONFORMANCE, slots),
  threaded: (slots: number) => threaded(slots),
  "threaded, with a handler in the main thread": (slots: number) => threaded(slots, async (data) => data),
};

describe.each(Object.entries(kinds))("An executor of %s execution", (_name, make) => {
  const shared = new Map<number, ExecutorDriver>();

  /** An executor that earlier tests have used: a worker's executor outlives its runs as well. Nothing is under way in it. */
  async function begun(slots = 2, timeout = 0): Promise<ExecutorDriver> {
    const driver = shared.get(slots) ?? new ExecutorDriver(make(slots));
    shared.set(slots, driver);
    await driver.executor.begin({}, timeout, "");
    return driver;
  }

  /** An executor that the test may close. */
  async function begunAnew(): Promise<ExecutorDriver> {
    const driver = new ExecutorDriver(make(2));
    onTestFinished(() => driver.end());
    await driver.executor.begin({}, 0, "");
    return driver;
  }

  afterAll(async () => {
    for (const driver of shared.values()) await driver.end();
  });

  test("returns the result of a sync and an async handler; undefined counts as {}", async () => {
    const driver = await begun();
    expect(await driver.execute({ do: "echo", n: 1 })).toEqual({ do: "echo", n: 1 });
    expect(await driver.execute({ do: "wait", ms: 5 })).toEqual({ do: "wait", ms: 5 });
    expect(await driver.execute({ do: "nothing" })).toEqual({});
  });

  test("gives the handler the item's id, attempt, task type and a signal", async () => {
    const driver = await begun();
    const { execution, outcome } = driver.start({ do: "info" });
    const id = `run/conformance/${execution.seq}`;
    expect(await outcome).toEqual({ id, attempt: 1, taskType: "conformance", aborted: false });
  });

  test("makes what a handler throws or rejects with the outcome, and goes on with others", async () => {
    const driver = await begun();
    const failed = { name: "RangeError", message: "out of range", code: "E_RANGE", retryable: true };
    expect(await driver.execute({ do: "throw" })).toEqual(failed);
    expect(await driver.execute({ do: "reject" })).toMatchObject({ message: "out of range, later" });
    expect(await driver.execute({ do: "throw final" })).toMatchObject({ retryable: false });
    expect(await driver.execute({ do: "echo" })).toEqual({ do: "echo" });
  });

  test("fails an item for good whose result cannot be sent, with the path", async () => {
    const driver = await begun();
    const failed = await driver.execute({ do: "unsendable" });
    expect(failed).toMatchObject({ name: "TypeError", retryable: false });
    expect(failed.message).toContain("result.when");
  });

  test("runs as many items at a time as it has slots", async () => {
    const driver = await begun(3);
    const waits = [1, 2, 3].map(() => driver.start({ do: "until aborted" }));
    const fourth = driver.start({ do: "echo" });
    let ended = false;
    void fourth.outcome.then(() => {
      ended = true;
    });
    while (driver.executor.hasRoom()) await new Promise(setImmediate);
    expect(ended).toBe(false);
    for (const { execution } of waits) driver.executor.abort(execution);
    expect(await fourth.outcome).toEqual({ do: "echo" });
  });

  test("aborts the signal of one item only", async () => {
    const driver = await begun();
    const [first, second] = [driver.start({ do: "until aborted" }), driver.start({ do: "wait", ms: 300 })];
    await driver.executor.begin({}, 0, ""); // both have been given out by then
    await new Promise((resolve) => setTimeout(resolve, 100));
    driver.executor.abort(first.execution);
    expect(await first.outcome).toEqual({ reason: "AbortError" });
    expect(await second.outcome).toEqual({ do: "wait", ms: 300 });
  });

  test("aborts the signal at the timeout: a result still counts, an error is EXECUTION_TIMEOUT", async () => {
    const driver = await begun(2, 100);
    const [kept, lost] = [driver.start({ do: "until aborted" }), driver.start({ do: "throw when aborted" })];
    expect(await kept.outcome).toEqual({ reason: "TimeoutError" });
    expect(await lost.outcome).toMatchObject({ code: "EXECUTION_TIMEOUT", retryable: true });
  });

  long("gives up a handler that does not react after the grace period, and frees its slot", async () => {
    const driver = await begun(1, 100);
    const hung = driver.start({ do: "hang" });
    const next = driver.start({ do: "echo" });
    expect(await hung.outcome).toMatchObject({ code: "EXECUTION_TIMEOUT", retryable: true });
    expect(await next.outcome).toEqual({ do: "echo" });
  });

  test("passes on binary values of any size whole", async () => {
    const driver = await begun();
    for (const size of [0, 1, 100, 32_767, 32_768, 1_000_000]) {
      const bytes = new Uint8Array(size).fill(7);
      const expected = size === 0 ? { bytes: 0 } : { bytes: size, last: 7 };
      expect(await driver.execute({ do: "size", bytes })).toEqual(expected);
    }
    const many = Array.from({ length: 50 }, (_, n) =>
      driver.execute({ do: "echo", bytes: new Uint8Array(n * 1000).fill(n) }),
    );
    for (const [n, echo] of (await Promise.all(many)).entries()) {
      expect(Buffer.compare((echo as { bytes: Uint8Array }).bytes, Buffer.alloc(n * 1000, n))).toBe(0);
    }
  });

  test("returns each of thousands of items once", async () => {
    const driver = await begun();
    const echoes = Array.from({ length: 2000 }, (_, n) => driver.execute({ do: "echo", n }));
    for (const [n, echo] of (await Promise.all(echoes)).entries()) expect(echo).toEqual({ do: "echo", n });
  });

  test("lets a running handler end within the grace of close()", async () => {
    const driver = await begunAnew();
    const running = driver.start({ do: "until aborted" });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await driver.executor.close(2000);
    expect(await running.outcome).toEqual({ reason: "AbortError" });
  });

  test("waits for a handler that does not end no longer than the grace of close()", async () => {
    const driver = await begunAnew();
    driver.start({ do: "hang" });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await driver.executor.close(100); // or never, and the test times out
  });
});
