import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { BatchCollector, type CollectedResult, NdjsonCollector } from "zmqpipeline";
import { type PipelineTestOptions, type PipelineVerdict, testPipeline } from "zmqpipeline/testing";
import { tempFolder } from "../support/endpoints.ts";

const ITEMS = [1, 2, 3, 4, 5, 6];

/** A pipeline that writes rows by id, with one thing that is wrong. */
async function verdictOf(changes: Partial<PipelineTestOptions>): Promise<PipelineVerdict> {
  const rows = new Map<string, unknown>();
  return await testPipeline({
    tasks: [{ taskType: "row", items: ITEMS }],
    worker: (n: number) => n * n,
    collector: (square, { id }) => void rows.set(id, square),
    reset: () => rows.clear(),
    snapshot: () => rows,
    runs: 3,
    throws: false,
    ...changes,
  });
}

/** State that the reset of a test does not clear. */
function kept() {
  const rows = new Map<string, number>();
  return {
    rows,
    collector: (n: number, { id }: { id: string }) => void rows.set(id, n),
    snapshot: () => rows,
  };
}

describe("testPipeline() tells apart", () => {
  test("items that can be read only once", async () => {
    const iterator = ITEMS.values();
    const { findings, text } = await verdictOf({ tasks: [{ taskType: "row", items: () => iterator }] });
    expect(findings).toMatchObject([{ kind: "source", taskType: "row" }]);
    expect(text).toContain('task "row" gave 6 items in the first run, and none in a later one');
  });

  test("items that are others in each run", async () => {
    let first = 0;
    const items = () => ITEMS.map((n) => n + first++);
    const { findings, text } = await verdictOf({ tasks: [{ taskType: "row", items }] });
    expect(findings).toMatchObject([{ kind: "source", taskType: "row" }]);
    expect(text).toContain("gave 1 as item run/row/0 in one run, and 13 in another");
  });

  test("no items at all, and a task without items", async () => {
    const none = { taskType: "row", items: [] };
    expect((await verdictOf({ tasks: [none] })).text).toContain(
      "No task gave an item, so nothing was tested",
    );
    const { ok, text } = await verdictOf({ tasks: [none, { taskType: "other", items: ITEMS }] });
    expect(ok).toBe(true);
    expect(text).toContain('Not tried, because they gave no items: task "row"');
  });

  test("an outcome that depends on something outside", async () => {
    let calls = 0;
    let latest = 0;
    const { findings } = await verdictOf({
      collector: () => {
        latest = calls++;
      },
      reset: () => {
        latest = 0;
      },
      snapshot: () => latest,
    });
    expect(findings).toMatchObject([{ kind: "outside", before: 5, after: 17 }]);
  });

  test("a reset that leaves something behind", async () => {
    const { collector, snapshot } = kept();
    const { findings, text } = await verdictOf({ collector, snapshot, reset: () => {} });
    expect(findings).toMatchObject([{ kind: "reset", handler: "reset()" }]);
    expect(text).toContain("get('run/row/0'): absent → 1");
  });

  test("a collector that does not await what it starts, at the item", async () => {
    const { rows, snapshot } = kept();
    const collector = function insert(n: number, { id }: { id: string }) {
      void new Promise((resolve) => setTimeout(resolve, 5)).then(() => rows.set(id, n));
    };
    const { findings } = await verdictOf({ collector, snapshot, reset: () => rows.clear() });
    expect(findings[0]).toMatchObject({ kind: "late", handler: "collector insert()", taskType: "row" });
    expect(findings[0]?.item?.id).toMatch(/^run\/row\/\d$/);
  });

  test("a worker that does not await what it starts", async () => {
    const { rows, snapshot } = kept();
    const worker = function insert(n: number, { id }: { id: string }) {
      setTimeout(() => rows.set(id, n), 5);
      return n;
    };
    const { findings } = await verdictOf({
      worker,
      collector: () => {},
      snapshot,
      reset: () => rows.clear(),
    });
    expect(findings[0]).toMatchObject({ kind: "late", handler: "worker insert()" });
  });

  test("a repeated result in a batch, by its item", async () => {
    const log: number[] = [];
    class Append extends BatchCollector<number> {
      override async handleBatch(results: readonly CollectedResult<number>[]) {
        for (const { data } of results) if (data === 9) log.push(data);
      }
    }
    const { findings } = await verdictOf({
      collector: Append,
      reset: () => void log.splice(0),
      snapshot: () => log,
    });
    expect(findings[0]).toMatchObject({
      kind: "effect",
      handler: "Append",
      item: { id: "run/row/2", data: 9 },
    });
  });

  test("items that never come, by real time", async () => {
    const items = async function* () {
      yield 1;
      await new Promise(() => {});
    };
    const { findings, text } = await verdictOf({ tasks: [{ taskType: "row", items }], handlerTimeout: 20 });
    expect(findings).toMatchObject([{ kind: "endless", taskType: "row" }]);
    expect(text).toContain('The items of task "row": no item, and no end, came within 20 ms of real time');
  });

  test("a sameResult() that throws, and one that is async", async () => {
    let calls = 0;
    const worker = () => calls++;
    const throwing = () => {
      throw new Error("cannot compare");
    };
    expect((await verdictOf({ worker, sameResult: throwing })).text).toContain(
      "sameResult() threw: cannot compare",
    );
    const sameResult = (async () => true) as never;
    expect((await verdictOf({ worker, sameResult })).text).toContain(
      "must return true or false, not an instance of",
    );
  });
});

describe("testPipeline() takes", () => {
  test("the module that a Pipeline has as workers, with its hooks", async () => {
    const module = join(tempFolder(), "scale.mjs");
    writeFileSync(
      module,
      `let factor; export function initWorker(metadata) { factor = metadata.factor; }
       export default function scale(n) { if (n === 4) throw new Error("four"); return n * factor; }`,
    );
    const worker = { module: pathToFileURL(module), count: 2 };
    const { findings } = await verdictOf({ worker, metadata: { factor: 10 } });
    expect(findings).toMatchObject([
      { kind: "failed", handler: "worker scale() of scale.mjs", item: { data: 4 } },
    ]);
    const passing = await verdictOf({ worker, metadata: { factor: 10 }, allowFailures: true });
    expect(passing.ok).toBe(true);
  });

  test("a function that makes the collector, each time a new one", async () => {
    const path = join(tempFolder(), "rows.ndjson");
    let made = 0;
    const create = () => {
      made += 1;
      return new NdjsonCollector({ path });
    };
    const tasks = [{ taskType: "row", items: ITEMS }];
    const verdict = await testPipeline({ tasks, worker: (n: number) => n, collector: { create }, runs: 3 });
    expect(verdict.ok).toBe(true);
    expect(made).toBeGreaterThan(5);
    const only = new NdjsonCollector({ path });
    const again = verdictOf({ collector: { create: () => only } });
    await expect(again).rejects.toThrow("collector.create() must make a new instance at each call");
  });
});
