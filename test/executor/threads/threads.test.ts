import { expect, onTestFinished, test } from "vitest";
import type { ThreadedExecutorOptions } from "../../../src/executor/threads/threaded-executor.ts";
import type { Payload } from "../../../src/protocol/payload/payload.ts";
import { compiled } from "../../support/compiled.ts";
import { TaskType, ThreadedExecutor } from "../../support/compiled-executors.ts";
import { ExecutorDriver } from "../../support/executor-driver.ts";
import { long } from "../../support/long.ts";

const FIXTURE = compiled("faulty-worker").href;
const FAULTY = TaskType.register("faulty");

type Options = Partial<ThreadedExecutorOptions> & { readonly timeout?: number };

function unbegun(options: Options = {}): ExecutorDriver {
  const all = {
    taskType: FAULTY,
    threads: 2,
    module: FIXTURE,
    className: "FaultyWorker",
    workerId: "worker",
    queueMs: 40,
    flushMs: 25,
    closeTimeoutMs: 1000,
    maxItemsPerThread: Number.POSITIVE_INFINITY,
    resourceLimits: undefined,
    forward: undefined,
    depth: 1,
    facts: { role: "worker", taskType: "faulty" },
    ...options,
  };
  const driver = new ExecutorDriver(new ThreadedExecutor(all));
  onTestFinished(() => driver.end());
  return driver;
}

/** Executes an item that tells the thread it was executed in. */
async function threadOf(driver: ExecutorDriver, data: Payload): Promise<number> {
  const result = (await driver.execute(data)) as Payload;
  expect(typeof result.threadId).toBe("number");
  return Number(result.threadId);
}

async function begun(options: Options = {}): Promise<ExecutorDriver> {
  const driver = unbegun(options);
  await driver.executor.begin({ key: "value" }, options.timeout ?? 0, "");
  return driver;
}

test("A thread has its initThread called once, with its index, the metadata and the arguments", async () => {
  const driver = await begun();
  const both = await Promise.all([
    driver.execute({ do: "block", ms: 100 }),
    driver.execute({ do: "block", ms: 100 }),
    ...Array.from({ length: 10 }, () => driver.execute({ do: "who" })),
  ]);
  const who = both.slice(2) as { threadId: number; index: number }[];
  for (const each of who) {
    expect(each).toMatchObject({
      inits: [each.index],
      metadata: { key: "value" },
      argv: process.argv.slice(2),
    });
  }
  await driver.executor.begin({ key: "another run" }, 0, "");
  const later = (await driver.execute({ do: "who" })) as { index: number };
  expect(later).toMatchObject({ inits: [later.index], metadata: { key: "another run" } });
});

for (const [how, run, action, reason] of [
  ["throws outside the handler", test, "throw outside", "outside the handler"],
  ["leaves a rejected promise", long, "forget a promise", "nobody awaits this"],
  ["exits", long, "exit", "exit code 7"],
  ["runs out of its memory", long, "eat memory", "memory limit"],
] as const)
  run(`a thread that ${how} fails its own item only, and is replaced`, async () => {
    const driver = await begun({ resourceLimits: { maxOldGenerationSizeMb: 64 } });
    const neighbour = driver.start({ do: "block", ms: 1500 });
    const fatal = driver.start({ do: action });
    const later = Array.from({ length: 20 }, () => threadOf(driver, { do: "who" }));
    const failed = await fatal.outcome;
    expect(failed).toMatchObject({ code: "THREAD_LOST", retryable: true });
    expect(failed.message).toContain(reason);
    expect(await neighbour.outcome).toHaveProperty("threadId");
    await Promise.all(later);
    expect(driver.notes).toEqual(["a thread ended"]);
  });

test("An item that was queued behind the item that ended a thread is executed by another thread", async () => {
  const driver = await begun({ threads: 1 });
  await Promise.all(Array.from({ length: 100 }, () => driver.execute({ do: "who" }))); // the queue grows
  const first = driver.start({ do: "exit" });
  const behind = Array.from({ length: 50 }, () => driver.execute({ do: "who" }));
  expect(await first.outcome).toMatchObject({ code: "THREAD_LOST" });
  for (const each of await Promise.all(behind)) expect(each).toHaveProperty("threadId");
});

long("An item that hangs past its timeout loses its thread; other threads stay", async () => {
  const driver = await begun({ timeout: 300 });
  const before = await Promise.all([
    threadOf(driver, { do: "block", ms: 50 }),
    threadOf(driver, { do: "block", ms: 50 }),
  ]);
  const hung = driver.start({ do: "loop" });
  const neighbours = Array.from({ length: 15 }, () => threadOf(driver, { do: "block", ms: 100 }));
  expect(await hung.outcome).toMatchObject({ code: "EXECUTION_TIMEOUT", retryable: true });
  const threads = new Set(await Promise.all(neighbours));
  expect(before.filter((id) => threads.has(id)).length).toBe(1);
  // Both places work again.
  await Promise.all([driver.execute({ do: "block", ms: 200 }), driver.execute({ do: "block", ms: 200 })]);
});

test("An item whose loop checks info.signal ends by itself and keeps its thread", async () => {
  const driver = await begun({ threads: 1, timeout: 100 });
  const threadId = await threadOf(driver, { do: "block", ms: 1 });
  const looped = await driver.execute({ do: "loop until aborted" });
  expect(looped).toEqual({ turned: true, reason: "TimeoutError", threadId });
  expect(await driver.execute({ do: "who" })).toMatchObject({ threadId });
});

long("Items that wait behind a long item move to an idle thread", async () => {
  const driver = await begun();
  await Promise.all(Array.from({ length: 200 }, () => driver.execute({ do: "who" }))); // short items: queues grow
  const order: string[] = [];
  const long = driver.start({ do: "block", ms: 2000 });
  const others = Array.from({ length: 100 }, () => driver.execute({ do: "who" }));
  void long.outcome.then(() => order.push("long"));
  void Promise.all(others).then(() => order.push("others"));
  await Promise.all([long.outcome, ...others]);
  expect(order).toEqual(["others", "long"]);
});

test("A thread is replaced after maxItemsPerThread items", async () => {
  const driver = await begun({ threads: 1, maxItemsPerThread: 10 });
  const ids: number[] = [];
  for (let n = 0; n < 35; n += 1) ids.push(await threadOf(driver, { do: "who" }));
  const counts = [...new Set(ids)].map((id) => ids.filter((each) => each === id).length);
  expect(counts).toEqual([10, 10, 10, 5]);
});

test("A thread does not load the sockets' addon, whose loading a thread's end must not interrupt", async () => {
  const driver = await begun();
  const { addons } = (await driver.execute({ do: "list addons" })) as { addons: string[] };
  expect(addons.length).toBeGreaterThan(0);
  expect(addons.filter((path) => path.includes("zeromq"))).toEqual([]);
});

test("A message that the handler posts itself changes nothing", async () => {
  const driver = await begun();
  const threadId = await threadOf(driver, { do: "post to the parent" });
  expect(threadId).toBeGreaterThan(0);
  await Promise.all(Array.from({ length: 20 }, () => threadOf(driver, { do: "who" })));
  expect(driver.notes).toEqual([]);
});

test("A large binary value arrives in the thread as a view of the transferred buffer", async () => {
  const driver = await begun();
  const bytes = Buffer.alloc(100_000);
  expect(await driver.execute({ do: "look at binary", bytes })).toEqual({ length: 100_000, isView: true });
});

test.each([
  [
    "a module that does not exist",
    { module: new URL("../no-such-file.js", import.meta.url).href },
    "no-such-file.js",
  ],
  [
    "a module that throws",
    { module: new URL("../../fixtures/throws-on-import.ts", import.meta.url).href },
    "the module threw",
  ],
  ["a class that is not exported", { className: "Hidden" }, "does not export the class Hidden"],
  ["a class that is not for threads", { className: "NotForThreads" }, "cannot run in threads"],
  ["a constructor that throws", { className: "ConstructorThrows" }, "cannot be constructed"],
])("%s is an error at once, before any run begins", async (_what, options, text) => {
  const error = await unbegun(options).failed;
  expect(error).toMatchObject({ code: "INIT_FAILED", role: "worker", taskType: "faulty" });
  expect(error.message).toContain(text);
});

test.each([
  ["throws", { className: "InitThrows" }, "no licence for a second thread"],
  ["exits", { className: "InitExits" }, "exit code 3"],
])("an initThread that %s fails the run", async (_how, options, text) => {
  const driver = unbegun(options);
  const [begin, failed] = await Promise.allSettled([driver.executor.begin({}, 0, ""), driver.failed]);
  expect(begin).toMatchObject({ status: "rejected", reason: { code: "INIT_FAILED" } });
  expect(failed).toMatchObject({ status: "fulfilled", value: { code: "INIT_FAILED" } });
  expect((begin as PromiseRejectedResult).reason.message).toContain(text);
});

test("A thread finds a class that is exported under another name", async () => {
  const driver = await begun({ className: "Renamed" });
  expect(await driver.execute({ do: "who" })).toHaveProperty("threadId");
});
