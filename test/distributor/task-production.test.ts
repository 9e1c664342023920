import { describe, expect, test } from "vitest";
import { type Payload, Task } from "../../src/index.ts";
import { freshEndpoints } from "../support/endpoints.ts";
import { address, type PipelineEndpoints } from "../support/endpoints-of.ts";
import { long } from "../support/long.ts";
import { makeDistributor, NUMBERS, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";

/** Runs a task with one worker and a collector, all in this process. */
async function runTask(
  endpoints: PipelineEndpoints,
  task: Task<object, object, object>,
  collector = new NumbersCollector(endpoints),
  worker = new NumbersWorker(endpoints),
) {
  const distributor = makeDistributor(endpoints, task);
  const [summary] = await Promise.all([distributor.run(), worker.run(), collector.run()]);
  return { summary, collector };
}

function itemsTask(endpoints: PipelineEndpoints, items: () => Iterable<object> | AsyncIterable<object>) {
  class ItemsTask extends Task<object> {
    readonly taskType = NUMBERS;
    readonly endpoint = address(endpoints.task);
    override items = items;
  }
  return new ItemsTask();
}

describe("A task's items()", () => {
  test("as a sync generator is complete when the generator ends", async () => {
    const endpoints = await freshEndpoints("inproc");
    const task = itemsTask(endpoints, function* () {
      for (let n = 0; n < 500; n++) yield { n };
    });
    const { summary, collector } = await runTask(endpoints, task);
    expect(collector.hasEachOnce(500)).toBe(true);
    expect(summary.tasks.numbers?.items).toBe(500);
    expect(task.isComplete).toBe(true);
  });

  test("as an async generator is pulled lazily, in batches, and closed when the run stops early", async () => {
    const endpoints = await freshEndpoints("inproc");
    let yielded = 0;
    let closed = false;
    const task = itemsTask(endpoints, async function* () {
      try {
        for (let n = 0; ; n++) {
          yielded += 1;
          if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
          yield { n };
        }
      } finally {
        closed = true;
      }
    });
    const collector = new NumbersCollector(endpoints);
    const distributor = makeDistributor(endpoints, task);
    const enough = new Promise<void>((resolve) => {
      const collect = collector.handleCollection.bind(collector);
      collector.handleCollection = (...args) => {
        if (collector.seen.size >= 2000) resolve();
        return collect(...args);
      };
    });
    const all = Promise.all([distributor.run(), new NumbersWorker(endpoints).run(), collector.run()]);
    await enough;
    await distributor.stop();
    const [summary] = await all;
    expect(summary.status).toBe("stopped");
    expect(summary.tasks.numbers?.acked).toBe(summary.tasks.numbers?.items);
    expect(collector.hasEachOnce(summary.tasks.numbers?.items ?? 0)).toBe(true);
    expect(closed).toBe(true);
    // What was fetched and not handed out is at most what one worker had room for.
    expect(yielded - collector.seen.size).toBeLessThanOrEqual(8192);
  });

  test("as an async generator is read ahead by bytes, however many items at a time a worker executes", async () => {
    const endpoints = await freshEndpoints("inproc");
    const text = "x".repeat(1_000_000);
    let [ahead, most] = [0, 0];
    const task = itemsTask(endpoints, async function* () {
      for (let n = 0; n < 100; n++) {
        ahead += 1;
        most = Math.max(most, ahead);
        yield { n, text };
      }
    });
    const execute = async ({ n }: { readonly n: number }) => {
      await new Promise(setImmediate);
      ahead -= 1;
      return { n };
    };
    const worker = new NumbersWorker(endpoints, execute, 1000);
    const { collector } = await runTask(endpoints, task, new NumbersCollector(endpoints), worker);
    expect(collector.hasEachOnce(100)).toBe(true);
    expect(most).toBeLessThan(50);
  });

  test("as a slow sync generator leaves turns to the event loop, however many items at a time a worker executes", async () => {
    const endpoints = await freshEndpoints("inproc");
    let [inTurn, most] = [0, 0];
    const task = itemsTask(endpoints, function* () {
      for (let n = 0; n < 200; n++) {
        const until = performance.now() + 4;
        while (performance.now() < until);
        if (inTurn === 0) setImmediate(() => (inTurn = 0));
        inTurn += 1;
        most = Math.max(most, inTurn);
        yield { n };
      }
    });
    const worker = new NumbersWorker(endpoints, (data) => data, 1000);
    const { collector } = await runTask(endpoints, task, new NumbersCollector(endpoints), worker);
    expect(collector.hasEachOnce(200)).toBe(true);
    expect(most).toBeLessThanOrEqual(10);
  });

  test("that is empty makes a complete task", async () => {
    const endpoints = await freshEndpoints("inproc");
    const { summary } = await runTask(
      endpoints,
      itemsTask(endpoints, () => []),
    );
    expect(summary).toMatchObject({ status: "complete", tasks: { numbers: { items: 0 } } });
  });

  test("that throws ends the run with TASK_FAILED and its cause; workers and collector end too", async () => {
    const endpoints = await freshEndpoints("inproc");
    const cause = new Error("disk is gone");
    const task = itemsTask(endpoints, function* () {
      yield { n: 0 };
      throw cause;
    });
    const collector = new NumbersCollector(endpoints);
    const results = await Promise.allSettled([
      makeDistributor(endpoints, task).run(),
      new NumbersWorker(endpoints).run(),
      collector.run(),
    ]);
    expect(results[0]).toMatchObject({ status: "rejected", reason: { code: "TASK_FAILED", cause } });
    expect(results[1].status).toBe("fulfilled");
    expect(results[2]).toMatchObject({ status: "rejected", reason: { code: "RUN_ABORTED" } });
  });
});

describe("A task's handle()", () => {
  test("may be async, gets the worker's id, and returns nothing for {}", async () => {
    const endpoints = await freshEndpoints("inproc");
    const addresses = new Set<string>();
    class AsyncTask extends NumbersTask {
      override async handle(...args: Parameters<NumbersTask["handle"]>) {
        addresses.add(args[1]);
        expect(args[2]).toBe("RDY");
        return await super.handle(...args);
      }
    }
    const { collector } = await runTask(endpoints, new AsyncTask(endpoints, 300));
    expect(collector.hasEachOnce(300)).toBe(true);
    expect(addresses.size).toBe(1);

    const other = await freshEndpoints("inproc");
    class NothingTask extends NumbersTask {
      override handle(...args: Parameters<NumbersTask["handle"]>): never {
        super.handle(...args);
        return undefined as never;
      }
    }
    const received: Payload[] = [];
    const worker = new NumbersWorker(other, (data) => {
      received.push(data);
      return undefined;
    });
    const { summary } = await runTask(other, new NothingTask(other, 3), new NumbersCollector(other), worker);
    expect(summary.tasks.numbers?.acked).toBe(3);
    expect(received).toEqual([{}, {}, {}]);
  });

  test.each([
    ["a Set", new Set([1]), /handle\(\) of task "numbers": Value at item is a Set/],
    ["a function", () => 1, /Value at item is a function/],
    ["a function inside", { deep: [{ f() {} }] }, /item\.deep\[0\]\.f is a function/],
    ["a Map inside", { m: new Map() }, /item\.m is a Map/],
  ])("that returns %s is a TypeError that names the task", async (_what, value, message) => {
    const endpoints = await freshEndpoints("inproc");
    class BadTask extends NumbersTask {
      override handle(): never {
        return value as never;
      }
    }
    const results = await Promise.allSettled([
      makeDistributor(endpoints, new BadTask(endpoints, 1)).run(),
      new NumbersWorker(endpoints).run(),
      new NumbersCollector(endpoints).run(),
    ]);
    const [outcome] = results;
    expect(outcome.status === "rejected" && outcome.reason).toBeInstanceOf(TypeError);
    expect(outcome.status === "rejected" && outcome.reason.message).toMatch(message);
  });

  long("is called only when a worker has room: never more than the window is out", async () => {
    const endpoints = await freshEndpoints("inproc");
    const collector = new NumbersCollector(endpoints);
    let most = 0;
    class WatchedTask extends NumbersTask {
      override handle(...args: Parameters<NumbersTask["handle"]>) {
        most = Math.max(most, this.produced + 1 - collector.seen.size);
        return super.handle(...args);
      }
    }
    const distributor = makeDistributor(endpoints, new WatchedTask(endpoints, 3000), { maxWindow: 5 });
    await Promise.all([
      distributor.run(),
      new NumbersWorker(endpoints).run(),
      new NumbersWorker(endpoints).run(),
      collector.run(),
    ]);
    expect(collector.hasEachOnce(3000)).toBe(true);
    expect(most).toBeLessThanOrEqual(10);
  });
});

describe("The data of an ACK", () => {
  test("is what handleCollection returns and getAckData adds, and reaches handle() as ackData", async () => {
    const endpoints = await freshEndpoints("inproc");
    class AckingCollector extends NumbersCollector {
      override getAckData() {
        return { from: "getAckData", both: 1 };
      }
      override handleCollection(...args: Parameters<NumbersCollector["handleCollection"]>) {
        super.handleCollection(...args);
        return { last: args[0].n, both: 2 };
      }
    }
    const received: Payload[] = [];
    class AckedTask extends NumbersTask {
      override handle(...args: Parameters<NumbersTask["handle"]>) {
        received.push(args[3]);
        return super.handle(...args);
      }
    }
    const task = new AckedTask(endpoints, 50);
    const collector = new AckingCollector(endpoints);
    const distributor = makeDistributor(endpoints, task, { maxWindow: 1 });
    await Promise.all([distributor.run(), new NumbersWorker(endpoints).run(), collector.run()]);
    expect(received[0]).toEqual({});
    expect(received.slice(1)).toEqual(
      Array.from({ length: 49 }, (_, n) =>
        expect.objectContaining({ from: "getAckData", both: 2, last: n, _taskType: "numbers" }),
      ),
    );
  });

  test("lets a task that waits for its last item's ACK run strictly one item at a time", async () => {
    const endpoints = await freshEndpoints("inproc");
    let out = 0;
    let most = 0;
    class OneByOne extends NumbersTask {
      override isAvailableForHandling(last: { n?: number }) {
        return this.produced === 0 || last.n === this.produced - 1;
      }
      override handle(...args: Parameters<NumbersTask["handle"]>) {
        out += 1;
        most = Math.max(most, out);
        return super.handle(...args);
      }
    }
    class AckingCollector extends NumbersCollector {
      override handleCollection(...args: Parameters<NumbersCollector["handleCollection"]>) {
        super.handleCollection(...args);
        out -= 1;
        return { n: args[0].n };
      }
    }
    const collector = new AckingCollector(endpoints);
    const workers = [new NumbersWorker(endpoints), new NumbersWorker(endpoints)];
    const distributor = makeDistributor(endpoints, new OneByOne(endpoints, 100));
    await Promise.all([distributor.run(), collector.run(), ...workers.map((worker) => worker.run())]);
    expect(collector.hasEachOnce(100)).toBe(true);
    expect(most).toBe(1);
  });
});
