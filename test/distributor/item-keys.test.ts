import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, test } from "vitest";
import {
  type DistributorOptions,
  type JournalOptions,
  type RunSummary,
  readJournal,
  Task,
  type TaskType,
} from "../../src/index.ts";
import { freshEndpoints, tempFolder } from "../support/endpoints.ts";
import { address, type PipelineEndpoints } from "../support/endpoints-of.ts";
import { long } from "../support/long.ts";
import { makeDistributor, NUMBERS, NumbersCollector, NumbersWorker } from "../support/roles.ts";

let endpoints: PipelineEndpoints;
let journal: string;
beforeEach(async () => {
  endpoints = await freshEndpoints("inproc");
  journal = join(tempFolder(), "run.journal");
});

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

/** Gives these numbers; with keys, if there is a function. */
class ListTask extends Task<{ n: number }> {
  readonly taskType: TaskType = NUMBERS;
  readonly endpoint = address(endpoints.task);
  override readonly retry = { attempts: 1 };
  readonly #numbers: readonly number[];

  constructor(numbers: readonly number[], key?: (item: { n: number }) => string) {
    super();
    this.#numbers = numbers;
    if (key !== undefined) this.key = key;
  }

  override *items(): Generator<{ n: number }> {
    for (const n of this.#numbers) yield { n };
  }
}

class AsyncListTask extends Task<{ n: number }> {
  readonly taskType: TaskType = NUMBERS;
  readonly endpoint = address(endpoints.task);
  readonly #numbers: readonly number[];

  constructor(numbers: readonly number[]) {
    super();
    this.#numbers = numbers;
  }

  override async *items() {
    for (const n of this.#numbers) yield await Promise.resolve({ n });
  }

  override key({ n }: { n: number }): string {
    return String(n);
  }
}

const byNumber = ({ n }: { n: number }) => String(n);

interface Life {
  readonly summary: RunSummary;
  readonly executed: readonly number[];
}

/** One run; it is stopped when that number of items is collected. An item with a negative number fails. */
async function live(
  task: Task<{ n: number }>,
  options: Partial<DistributorOptions>,
  stopAfter = Number.POSITIVE_INFINITY,
): Promise<Life> {
  const executed: number[] = [];
  const distributor = makeDistributor(endpoints, task, { maxWindow: 20, ...options });
  class Collecting extends NumbersCollector {
    #count = 0;
    override handleCollection(...args: Parameters<NumbersCollector["handleCollection"]>) {
      this.#count += 1;
      if (this.#count === stopAfter) void distributor.stop();
      return super.handleCollection(...args);
    }
  }
  const worker = new NumbersWorker(endpoints, (data) => {
    executed.push(data.n);
    if (data.n < 0) throw new Error("negative");
    return data;
  });
  const [summary] = await Promise.all([distributor.run(), worker.run(), new Collecting(endpoints).run()]);
  return { summary, executed };
}

async function refusal(task: Task<{ n: number }>, options: Partial<DistributorOptions>): Promise<unknown> {
  const outcome = makeDistributor(endpoints, task, options).run();
  return await outcome.then(
    () => undefined,
    (error: unknown) => error,
  );
}

long(
  "A task of 400 items that was stopped and gives them in reverse is refused, with the place and three remedies",
  async () => {
    await live(new ListTask(upTo(400)), { journal }, 100);
    const run = makeDistributor(endpoints, new ListTask(upTo(400).reverse()), { journal }).run();
    await expect(run).rejects.toMatchObject({
      code: "JOURNAL_MISMATCH",
      taskType: "numbers",
      message: expect.stringMatching(
        /item 0 \(counted from 0\) is another one.*Nothing was executed.*same order.*resume\(\).*key\(\)/,
      ),
    });
    const changed = upTo(400).with(57, 5700);
    await expect(makeDistributor(endpoints, new ListTask(changed), { journal }).run()).rejects.toMatchObject({
      message: expect.stringContaining("item 57 (counted from 0) is another one"),
    });
    // What is the same, and more, goes on.
    const { summary } = await live(new ListTask(upTo(450)), { journal });
    expect(summary.tasks.numbers).toMatchObject({ items: 450, acked: 450, skipped: 0 });
  },
);

test.each([
  ["a sync source", (numbers: readonly number[]) => new ListTask(numbers, byNumber)],
  ["an async source", (numbers: readonly number[]) => new AsyncListTask(numbers)],
])("A task with keys is resumed in any order: %s", async (_name, make) => {
  const first = await live(make(upTo(400)), { journal }, 100);
  const shuffled = upTo(450).sort((a, b) => ((a * 7919) % 450) - ((b * 7919) % 450));
  const last = await live(make([...shuffled, 3, 3, 449]), { journal });
  expect([...first.executed, ...last.executed].sort((a, b) => a - b)).toEqual(upTo(450));
  expect(last.summary).toMatchObject({ runId: first.summary.runId, status: "complete" });
  expect(last.summary.tasks.numbers).toMatchObject({ items: 450, acked: 450, skipped: 3 });
});

test.each([
  ["a sync source", (numbers: readonly number[]) => new ListTask(numbers, byNumber)],
  ["an async source", (numbers: readonly number[]) => new AsyncListTask(numbers)],
])(
  "Items with one key are executed once without a journal, and counted as skipped: %s",
  async (_name, make) => {
    const { summary, executed } = await live(make(upTo(3000).map((n) => n % 100)), {});
    expect(executed.toSorted((a, b) => a - b)).toEqual(upTo(100));
    expect(summary.tasks.numbers).toEqual({ items: 100, acked: 100, failed: 0, retried: 0, skipped: 2900 });
  },
);

test("A journal that is kept has each new run execute what is new, and what failed when that is asked for", async () => {
  const kept = (more: Partial<JournalOptions> = {}) => ({ journal: { path: journal, keep: true, ...more } });
  const run = (numbers: readonly number[], more?: Partial<JournalOptions>) =>
    live(new ListTask(numbers, byNumber), kept(more));
  const first = await run([1, -2, 3]);
  expect(first.summary.tasks.numbers).toMatchObject({ items: 3, acked: 2, failed: 1, skipped: 0 });
  const second = await run([4, 3, -2, 1]);
  expect(second.executed).toEqual([4]);
  expect(second.summary.tasks.numbers).toMatchObject({ items: 1, acked: 1, failed: 0, skipped: 3 });
  expect(second.summary.wasComplete).toBe(undefined);
  expect(readJournal(journal).failures).toMatchObject([{ data: { n: -2 } }]);
  const third = await run([5], { retryFailed: true });
  expect(third.executed.toSorted()).toEqual([-2, 5]);
  expect(third.summary.tasks.numbers).toMatchObject({ items: 2, acked: 1, failed: 1, skipped: 0 });
  const fourth = await run([1, 3, 4, 5]);
  expect(fourth).toMatchObject({ executed: [], summary: { tasks: { numbers: { items: 0, skipped: 4 } } } });
  expect(readJournal(journal).tasks.numbers).toMatchObject({ keys: 5 });
  // Without that it is a run that is complete, and says so.
  const fifth = await live(new ListTask([6], byNumber), { journal });
  expect(fifth).toMatchObject({ executed: [], summary: { wasComplete: true } });
});

test("A run of a kept journal that was stopped is continued, and counts the items of earlier runs as skipped", async () => {
  const kept = { journal: { path: journal, keep: true } };
  await live(new ListTask(upTo(50), byNumber), kept);
  const stopped = await live(new ListTask(upTo(400), byNumber), kept, 100);
  expect(stopped.summary.status).toBe("stopped");
  const last = await live(new ListTask(upTo(400).reverse(), byNumber), kept);
  expect(new Set([...stopped.executed, ...last.executed]).size).toBe(350);
  expect(stopped.executed.length + last.executed.length).toBe(350);
  expect(last.summary.tasks.numbers).toMatchObject({ items: 350, acked: 350, skipped: 50 });
});

test("A value that is no key ends the run, and the error names its item", async () => {
  const cases: [unknown, string][] = [
    [() => 7, "returned a number for item 0 (counted from 0): a key is a string of 1 to 65536 characters"],
    [() => undefined, "returned undefined for item 0"],
    [async () => "x", "returned a promise for item 0"],
    [() => "", "returned a string of 0 characters for item 0"],
    [
      ({ n }: { n: number }) => "x".repeat(n === 1 ? 65_537 : 1),
      "returned a string of 65537 characters for item 1",
    ],
  ];
  for (const [key, message] of cases) {
    endpoints = await freshEndpoints("inproc");
    const run = live(new ListTask([0, 1], key as typeof byNumber), {});
    const failure = await run.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TypeError);
    expect(failure).toMatchObject({ message: expect.stringContaining(`key() of task "numbers" ${message}`) });
  }
  endpoints = await freshEndpoints("inproc");
  const throws = () => {
    throw new Error("no key today");
  };
  await expect(live(new ListTask([0], throws), {})).rejects.toMatchObject({
    code: "TASK_FAILED",
    message: 'key() of task "numbers" threw for item 0 (counted from 0): no key today',
  });
});

test("Keys that differ only in half a character are different", async () => {
  const { executed } = await live(
    new ListTask([0, 1, 2], ({ n }) => ["\ud800", "\ud801", "\ufffd"][n] as string),
    {},
  );
  expect(executed.length).toBe(3);
});

test("A journal without keys does not fit a task with them, nor the other way round", async () => {
  await live(new ListTask(upTo(400)), { journal }, 100);
  expect(await refusal(new ListTask(upTo(400), byNumber), { journal })).toMatchObject({
    code: "JOURNAL_MISMATCH",
    message: expect.stringContaining("had no key() when its items were produced, and has one now"),
  });
  const other = `${journal}.keyed`;
  endpoints = await freshEndpoints("inproc");
  await live(new ListTask(upTo(400), byNumber), { journal: other }, 100);
  expect(await refusal(new ListTask(upTo(400)), { journal: other })).toMatchObject({
    code: "JOURNAL_MISMATCH",
    message: expect.stringContaining("had key() when its items were produced, and has none now"),
  });
});

test("Keys are refused where the task cannot use them", () => {
  const both = new ListTask([], byNumber);
  both.resume = () => {};
  expect(() => makeDistributor(endpoints, both)).toThrow("has key() and resume()");
  const keep = { journal: { path: journal, keep: true } };
  const run = makeDistributor(endpoints, new ListTask([]), keep).run();
  return expect(run).rejects.toThrow("journal.keep needs a task with key()");
});

test("A journal of the first format is refused by name, and left as it is", async () => {
  const old = fileURLToPath(new URL("../fixtures/format-1.journal", import.meta.url));
  copyFileSync(old, journal);
  expect(await refusal(new ListTask(upTo(5)), { journal })).toMatchObject({
    code: "JOURNAL_VERSION",
    message: expect.stringContaining("has format 1, which another version of zmqpipeline wrote"),
  });
  expect(readFileSync(journal).equals(readFileSync(old))).toBe(true);
  expect(() => readJournal(journal)).toThrow("has format 1");
});
