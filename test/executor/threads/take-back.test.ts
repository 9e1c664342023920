// Jobs that leave a thread's queue before the thread has begun them, or reported them.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Handler } from "../../../src/executor/handler.ts";
import { CONFORMANCE } from "../../fixtures/conformance-worker.ts";
import { compiled } from "../../support/compiled.ts";
import { ThreadedExecutor } from "../../support/compiled-executors.ts";
import { tempFolder } from "../../support/endpoints.ts";
import { ExecutorDriver } from "../../support/executor-driver.ts";
import { long } from "../../support/long.ts";

async function begun(threads: number, forward?: Handler): Promise<ExecutorDriver> {
  const executor = new ThreadedExecutor({
    taskType: CONFORMANCE,
    threads,
    module: compiled("conformance-worker").href,
    className: "ConformanceWorker",
    queueMs: 40,
    flushMs: 25,
    closeTimeoutMs: 1000,
    maxItemsPerThread: Number.POSITIVE_INFINITY,
    resourceLimits: undefined,
    forward,
    depth: 1,
    workerId: "w",
    facts: {},
  });
  const driver = new ExecutorDriver(executor);
  onTestFinished(() => driver.end());
  await driver.executor.begin({}, 0, "");
  return driver;
}

test.each([undefined, (data: unknown) => data])(
  "Jobs that no thread has begun are taken back, the last ones first, and are not reported (forward: %s)",
  async (forward) => {
    const driver = await begun(2, forward);
    const release = join(tempFolder(), "release");
    for (let count = 0; count < 50; count++) await driver.execute({ do: "echo" }); // the queues grow
    const all = Array.from({ length: 30 }, () => driver.start({ do: "block until", release }));
    await expect.poll(() => existsSync(`${release}.begun`)).toBe(true);
    const taken = driver.executor.takeBack(10);
    expect(taken).toHaveLength(10);
    const rest = driver.executor.takeBack(Number.POSITIVE_INFINITY);
    const kept = all.filter(({ execution }) => ![...taken, ...rest].includes(execution));
    expect(driver.executor.takeBack(1)).toEqual([]);
    writeFileSync(release, "");
    await Promise.all(kept.slice(0, 2).map(({ outcome }) => outcome));
    expect(kept.length + taken.length + rest.length).toBe(30);
    let reported = 0;
    for (const { execution, outcome } of all)
      if (taken.includes(execution) || rest.includes(execution)) void outcome.then(() => (reported += 1));
    await driver.execute({ do: "echo" });
    expect(reported).toBe(0);
  },
);

long(
  "Results that a thread cannot send, because its next item blocks it, come from another thread",
  async () => {
    const driver = await begun(2);
    const release = join(tempFolder(), "release");
    for (let count = 0; count < 50; count++) await driver.execute({ do: "echo" });
    // Every second item goes to each thread: the first of them are done behind nobody, and cannot be sent.
    const short = Array.from({ length: 8 }, (_, n) => driver.start({ do: "echo", n }));
    const blocking = driver.start({ do: "block until", release });
    const behind = Array.from({ length: 8 }, (_, n) => driver.start({ do: "echo", n }));
    for (const { outcome } of [...short, ...behind]) expect(await outcome).toMatchObject({ do: "echo" });
    writeFileSync(release, "");
    expect(await blocking.outcome).toMatchObject({ do: "block until" });
  },
);
