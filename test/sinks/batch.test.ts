import { expect, onTestFinished, test } from "vitest";
import { BatchCollector, type CollectedResult, type Failure } from "../../src/index.ts";
import { freshEndpoints } from "../support/endpoints.ts";
import { address, type PipelineEndpoints } from "../support/endpoints-of.ts";
import { makeDistributor, NumbersTask, NumbersWorker } from "../support/roles.ts";

type Numbered = { readonly n: number };

class Batches extends BatchCollector<Numbered> {
  readonly endpoint;
  readonly ackEndpoint;
  override readonly batchSize: number;
  readonly batches: (readonly CollectedResult<Numbered>[])[] = [];
  readonly failures: Failure<object>[] = [];
  readonly #handle: (results: readonly CollectedResult<Numbered>[]) => Promise<void> | void;
  running = 0;

  constructor(
    endpoints: PipelineEndpoints,
    batchSize: number,
    handle: (results: readonly CollectedResult<Numbered>[]) => Promise<void> | void = () => {},
  ) {
    super();
    this.endpoint = address(endpoints.collector);
    this.ackEndpoint = address(endpoints.ack);
    this.batchSize = batchSize;
    this.#handle = handle;
  }

  async handleBatch(results: readonly CollectedResult<Numbered>[]) {
    expect(++this.running).toBe(1);
    await this.#handle(results);
    this.running -= 1;
    this.batches.push(results);
    return { last: results.at(-1)?.data.n };
  }

  override handleFailure(failure: Failure<object>): void {
    this.failures.push(failure);
  }

  get numbers(): number[] {
    return this.batches.flat().map(({ data }) => data.n);
  }
}

test("A BatchCollector gets the waiting results together, no more than its size, one call at a time", async () => {
  const endpoints = await freshEndpoints("ipc");
  const collector = new Batches(endpoints, 50, () => new Promise((resolve) => setTimeout(resolve, 20)));
  const acks: unknown[] = [];
  class AckedTask extends NumbersTask {
    override handle(...args: Parameters<NumbersTask["handle"]>) {
      if (args[3].last !== undefined) acks.push(args[3].last);
      return super.handle(...args);
    }
  }
  const distributor = makeDistributor(endpoints, new AckedTask(endpoints, 500));
  const fails = ({ n }: Numbered) => {
    if (n % 100 === 7) throw new TypeError("seven");
    return { n };
  };
  const [summary, outcome] = await Promise.all([
    distributor.run(),
    collector.run(),
    new NumbersWorker(endpoints, fails).run(),
  ]);
  expect(summary.tasks.numbers).toMatchObject({ items: 500, acked: 495, failed: 5 });
  expect(outcome).toMatchObject({ collected: 495, failed: 5 });
  expect(new Set(collector.numbers).size).toBe(495);
  expect(collector.failures.map(({ error }) => error.message)).toEqual(Array(5).fill("seven"));
  expect(Math.max(...collector.batches.map(({ length }) => length))).toBe(50);
  expect(acks.length).toBeGreaterThan(0);
  const [first] = collector.batches.flat();
  expect(first).toMatchObject({
    id: `${summary.runId}/numbers/0`,
    attempt: 1,
    taskType: { name: "numbers" },
  });
});

test("A batch from which handleBatch did not return goes to the next collector", async () => {
  const endpoints = await freshEndpoints("ipc");
  const broken = new Batches(endpoints, 10, (results) => {
    if (results.some(({ data }) => data.n >= 40)) throw new Error("the disk is full");
  });
  const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 100));
  const worker = new NumbersWorker(endpoints);
  const others = Promise.all([distributor.run(), worker.run()]);
  onTestFinished(async () => void (await others));
  await expect(broken.run()).rejects.toMatchObject({
    code: "COLLECTION_FAILED",
    message: expect.stringMatching(
      /^handleBatch\(\) of the collector, with (item|\d+ items from) \S+\/numbers\/\d+.* threw: the disk is full$/,
    ),
  });
  const next = new Batches(endpoints, 10);
  await next.run();
  // What the first had handled may come again, where its ACK had not gone all the way round.
  const handled = new Set([...broken.numbers, ...next.numbers]);
  expect([...handled].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
  expect(broken.numbers.filter((n) => n >= 40)).toEqual([]);
});

test("A BatchCollector refuses an impossible size before anything is opened", async () => {
  const endpoints = await freshEndpoints("ipc");
  await expect(new Batches(endpoints, 0).run()).rejects.toThrow("Batches.batchSize 0 must be an integer");
});
