import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import {
  type DistributorOptions,
  MetaDataWorker,
  type Payload,
  type RunSummary,
  readJournal,
  Task,
  type TaskPosition,
  TaskType,
} from "../../src/index.ts";
import { freshEndpoints, tempFolder } from "../support/endpoints.ts";
import { address, type PipelineEndpoints } from "../support/endpoints-of.ts";
import { long } from "../support/long.ts";
import { makeDistributor, NUMBERS, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";

type AnyTask = Task<object, object, object>;
type Handler = ConstructorParameters<typeof NumbersWorker>[1];

let endpoints: PipelineEndpoints;
let journal: string;
beforeEach(async () => {
  endpoints = await freshEndpoints("inproc");
  journal = join(tempFolder(), "run.journal");
});

const ITEMS = 400;

/** What the lives of one run did together. */
class Lives {
  readonly executed = new Map<number, number>();
  readonly collected = new Map<number, string>();

  /** One run; it is stopped when that number of items is collected. */
  async run(
    task: AnyTask,
    stopAfter = Number.POSITIVE_INFINITY,
    options: Partial<DistributorOptions> = {},
    handler: Handler = (data) => data,
  ): Promise<{ summary: RunSummary; collector: NumbersCollector }> {
    const { executed, collected } = this;
    class Collecting extends NumbersCollector {
      override handleCollection(...args: Parameters<NumbersCollector["handleCollection"]>) {
        const [{ n }, , , { id }] = args;
        expect(collected.has(n)).toBe(false);
        collected.set(n, id);
        if (collected.size === stopAfter) void distributor.stop();
        return super.handleCollection(...args);
      }
    }
    const distributor = makeDistributor(endpoints, task, { journal, maxWindow: 20, ...options });
    const worker = new NumbersWorker(endpoints, (data, info) => {
      executed.set(data.n, (executed.get(data.n) ?? 0) + 1);
      return handler(data, info);
    });
    const collector = new Collecting(endpoints);
    const [summary] = await Promise.all([distributor.run(), worker.run(), collector.run()]);
    return { summary, collector };
  }

  /** Each item was executed once, and collected under an id of its own. */
  expectComplete(summary: RunSummary, runId: string): void {
    expect(summary).toMatchObject({ runId, status: "complete" });
    expect(summary.tasks.numbers).toMatchObject({ items: ITEMS, acked: ITEMS, failed: 0 });
    expect(this.collected.size).toBe(ITEMS);
    expect([...this.executed.values()].every((times) => times === 1)).toBe(true);
    expect(new Set(this.collected.values()).size).toBe(ITEMS);
    expect([...this.collected.values()].every((id) => id.startsWith(`${runId}/numbers/`))).toBe(true);
    expect(readJournal(journal)).toMatchObject({ runId, isComplete: true, failures: [] });
  }
}

class ListTask extends Task<{ n: number }> {
  readonly taskType: TaskType = NUMBERS;
  readonly endpoint = address(endpoints.task);
  pulled = 0;
  override *items(): Generator<{ n: number }> {
    for (let n = 0; n < ITEMS; n++) {
      this.pulled += 1;
      yield { n };
    }
  }
}

class AsyncListTask extends Task<{ n: number }> {
  readonly taskType: TaskType = NUMBERS;
  readonly endpoint = address(endpoints.task);
  override async *items() {
    for (let n = 0; n < ITEMS; n++) yield await Promise.resolve({ n });
  }
}

class ResumingTask extends ListTask {
  #first = 0;
  override resume({ items }: TaskPosition) {
    expect(items).toBeGreaterThan(0); // not called where a run begins
    this.#first = items;
  }
  override *items() {
    for (let n = this.#first; n < ITEMS; n++) {
      this.pulled += 1;
      yield { n };
    }
  }
}

test.each([
  ["handle()", () => new NumbersTask(endpoints, ITEMS)],
  ["items()", () => new ListTask()],
  ["async items()", () => new AsyncListTask()],
  ["resume()", () => new ResumingTask()],
])("a run that was stopped goes on where it was: a task with %s", async (_name, makeTask) => {
  const lives = new Lives();
  const first = await lives.run(makeTask(), 100);
  expect(first.summary.status).toBe("stopped");
  expect(lives.collected.size).toBeLessThan(ITEMS);
  const { tasks, isComplete } = readJournal(journal);
  expect(isComplete).toBe(false);
  expect(tasks.numbers).toMatchObject({
    items: lives.collected.size,
    acked: lives.collected.size,
    pending: 0,
  });
  const last = makeTask();
  const { summary } = await lives.run(last);
  lives.expectComplete(summary, first.summary.runId);
  if (last instanceof ResumingTask) expect(last.pulled).toBe(ITEMS - (tasks.numbers?.items ?? 0));
});

test("A journal of a complete run executes nothing more; the roles are told so and end", async () => {
  const lives = new Lives();
  const first = await lives.run(new ListTask());
  const task = new ListTask();
  const { summary, collector } = await lives.run(task);
  expect(task.pulled).toBe(0);
  expect(collector.finished).toBe(1);
  lives.expectComplete(summary, first.summary.runId);
});

long("A journal refuses a task whose items differ from the last time, and says what to do", async () => {
  const lives = new Lives();
  await lives.run(new ListTask(), 100);
  class Shorter extends ListTask {
    override *items() {
      yield { n: 0 };
    }
  }
  const distributor = makeDistributor(endpoints, new Shorter(), { journal });
  await expect(distributor.run()).rejects.toMatchObject({
    code: "JOURNAL_MISMATCH",
    taskType: "numbers",
    message: expect.stringMatching(
      /gave 1 item where it gave \d+ before: item 1 .* is missing.*same order.*resume\(\).*key\(\)/,
    ),
  });
  class Broken extends ListTask {
    override resume() {
      throw new Error("no such place");
    }
  }
  await expect(makeDistributor(endpoints, new Broken(), { journal }).run()).rejects.toMatchObject({
    code: "TASK_FAILED",
    message: expect.stringContaining('resume() of task "numbers" threw: no such place'),
  });
  // Nothing of that has touched the run.
  const { summary } = await lives.run(new ListTask());
  expect(summary).toMatchObject({ status: "complete" });
});

test("A journal lists items that failed for good with their data, and executes them again with retryFailed", async () => {
  const lives = new Lives();
  class OnceTask extends ListTask {
    override readonly retry = { attempts: 1 };
  }
  const refuse: Handler = (data) => {
    if (data.n % 100 === 7) throw new RangeError("seven");
    return data;
  };
  const first = await lives.run(new OnceTask(), undefined, {}, refuse);
  expect(first.summary.tasks.numbers).toMatchObject({ items: ITEMS, acked: ITEMS - 4, failed: 4 });
  const { failures, tasks } = readJournal(journal);
  expect(tasks.numbers).toMatchObject({ failed: 4, pending: 0, exhausted: true });
  expect(failures.map(({ data }) => data)).toEqual([{ n: 7 }, { n: 107 }, { n: 207 }, { n: 307 }]);
  expect(failures[0]).toMatchObject({
    id: `${first.summary.runId}/numbers/7`,
    taskType: "numbers",
    attempts: 1,
    error: { name: "RangeError", message: "seven" },
  });
  // Not asked for: they stay failed.
  const second = await lives.run(new OnceTask());
  expect(second.summary.tasks.numbers).toMatchObject({ acked: ITEMS - 4, failed: 4 });
  const third = await lives.run(new OnceTask(), undefined, { journal: { path: journal, retryFailed: true } });
  expect(third.summary.tasks.numbers).toMatchObject({ items: ITEMS, acked: ITEMS, failed: 0 });
  expect(lives.collected.size).toBe(ITEMS);
  expect(lives.collected.get(7)).toBe(failures[0]?.id);
  expect(readJournal(journal)).toMatchObject({ isComplete: true, failures: [] });
});

test("A journal keeps the metadata with which the run began", async () => {
  class Metadata extends MetaDataWorker<{ version: number }> {
    readonly endpoint = address(endpoints.metadata);
    readonly #version: number;
    constructor(version: number) {
      super();
      this.#version = version;
    }
    getMetadata() {
      return { version: this.#version };
    }
  }
  class Versioned extends ListTask {
    override initialize(metadata: Payload) {
      expect(metadata).toEqual({ version: 1 });
    }
  }
  const lives = new Lives();
  const options = { receiveMetadata: true, metadataEndpoint: address(endpoints.metadata) };
  const run = async (stopAfter?: number) => (await lives.run(new Versioned(), stopAfter, options)).summary;
  const [first] = await Promise.all([run(50), new Metadata(1).run()]);
  await run(100); // without a metadata worker …
  const [last] = await Promise.all([run(), new Metadata(2).run()]); // … and with another, which is thanked
  lives.expectComplete(last, first.runId);
});

test("A journal belongs to one distributor at a time, and to its tasks", async () => {
  class WaitingTask extends ListTask {
    override isAvailableForHandling() {
      return false;
    }
  }
  const first = makeDistributor(endpoints, new WaitingTask(), { journal });
  const running = first.run();
  const other = await freshEndpoints("inproc");
  await expect(makeDistributor(other, new ListTask(), { journal }).run()).rejects.toMatchObject({
    code: "JOURNAL_IN_USE",
  });
  await first.stop();
  await running;
  class OtherTask extends ListTask {
    override readonly taskType = TaskType.register("others");
  }
  await expect(makeDistributor(endpoints, new OtherTask(), { journal }).run()).rejects.toMatchObject({
    code: "JOURNAL_MISMATCH",
    message: expect.stringContaining(
      'its tasks "numbers" are not registered, and tasks "others" are not in it',
    ),
  });
});

test("A journal and its lock are not made when the signal is aborted already", async () => {
  const distributor = makeDistributor(endpoints, new ListTask(), { journal });
  expect(await distributor.run({ signal: AbortSignal.abort() })).toMatchObject({ status: "stopped" });
  expect(() => readFileSync(`${journal}.lock`)).toThrow("ENOENT");
  expect(() => readFileSync(journal)).toThrow("ENOENT");
});

test("Wrong options of a journal are refused at once", () => {
  const options = (journal: unknown) => () =>
    makeDistributor(endpoints, new ListTask(), { journal: journal as string });
  expect(options("")).toThrow(TypeError);
  expect(options({ path: 7 })).toThrow("journal.path must be a path, got 7");
  expect(options({ path: "x", keep: 1 })).toThrow("journal.keep must be true or false, got 1");
  expect(options({ path: "x", durability: "strong" })).toThrow(
    'journal.durability strong must be "process-crash" or "power-loss"',
  );
});

test("A damaged journal is refused before anything is bound, and stays as it is", async () => {
  const lives = new Lives();
  await lives.run(new ListTask(), 100);
  const bytes = readFileSync(journal);
  bytes[40] = (bytes[40] as number) ^ 1;
  writeFileSync(journal, bytes);
  await expect(makeDistributor(endpoints, new ListTask(), { journal }).run()).rejects.toMatchObject({
    code: "JOURNAL_DAMAGED",
    message: expect.stringContaining("it is left as it is"),
  });
  expect(readFileSync(journal).equals(bytes)).toBe(true);
});
