import { describe, expect, test } from "vitest";
import {
  BatchCollector,
  type CollectedResult,
  Collector,
  Pipeline,
  SingleThreadedWorker,
  Task,
} from "zmqpipeline";
import {
  PipelineTestError,
  type PipelineTestOptions,
  type PipelineVerdict,
  testPipeline,
} from "zmqpipeline/testing";
import { long } from "../support/long.ts";

const ITEMS = Array.from({ length: 8 }, (_, index) => ({ n: index + 1 }));

class Squarer extends SingleThreadedWorker<{ n: number }, number> {
  handleExecution({ n }: { n: number }) {
    return n * n;
  }
}

class Rows extends Collector<number> {
  handleCollection() {}
}

/** A pipeline whose collector upserts rows by id, as a database would. */
function squares(changes: Partial<PipelineTestOptions> = {}): PipelineTestOptions {
  const rows = new Map<string, number>();
  return {
    tasks: [{ taskType: "square", items: ITEMS }],
    worker: function square({ n }: { n: number }) {
      return n * n;
    },
    collector: (square: number, { id }) => void rows.set(id, square),
    reset: () => rows.clear(),
    snapshot: () => rows,
    runs: 20,
    ...changes,
  };
}

async function verdictOf(changes: Partial<PipelineTestOptions>): Promise<PipelineVerdict> {
  return await testPipeline(squares({ throws: false, ...changes }));
}

describe("testPipeline()", () => {
  test("passes a pipeline whose handlers are idempotent, and says what it tried", async () => {
    const { ok, findings, tried, text } = await testPipeline(squares());
    const calm = await testPipeline(squares({ faults: {}, runs: 1 }));
    expect(calm.text).toMatch(/^The pipeline passed\.\nTried: 3 runs, .*, no faults$/);
    expect(ok).toBe(true);
    expect(findings).toEqual([]);
    expect(tried).toMatchObject({ runs: 23, items: 23 * 8, killedDistributors: 0 });
    expect(tried.executions).toBe(tried.items + tried.repeatedExecutions);
    for (const name of ["repeatedExecutions", "killedWorkers", "killedCollectors", "lostMessages"] as const)
      expect(tried[name], name).toBeGreaterThan(0);
    expect(text).toContain("The pipeline passed.");
  });

  test("throws an error that names handler and item, in the run that repeats items", async () => {
    let sum = 0;
    const adding = squares({
      collector: function add(square: number) {
        sum += square;
      },
      reset: () => {
        sum = 0;
      },
      snapshot: () => sum,
    });
    const error = await testPipeline(adding).catch((thrown: unknown) => thrown as PipelineTestError);
    if (!(error instanceof PipelineTestError)) throw new Error("nothing was found");
    const { findings } = error.verdict;
    expect(findings[0]).toMatchObject({ kind: "effect", handler: "collector add()", taskType: "square" });
    expect(findings[0]?.item?.id).toMatch(/^run\/square\/\d$/);
    expect(error.message).toContain(
      "collector add() is not idempotent: when it got the result of item run/square/",
    );
    expect(error.message).toContain("in the run that repeats items on purpose");
    expect(error.message).toMatch(/the snapshot changed: \d+ → \d+/);
    const again = await testPipeline({ ...adding, runs: 1, throws: false });
    expect(again).toEqual(error.verdict);
  });

  test("finds a worker whose repeated execution has another effect, at the item", async () => {
    const files: number[] = [];
    const { findings } = await verdictOf({
      worker: async function append({ n }: { n: number }) {
        await Promise.resolve();
        files.push(n);
        return n;
      },
      reset: () => void files.splice(0),
      snapshot: () => files.toSorted(),
      collector: () => {},
    });
    expect(findings[0]).toMatchObject({ kind: "effect", handler: "worker append()" });
    const item = findings[0]?.item;
    expect(ITEMS[Number(item?.id.split("/")[2])]).toEqual(item?.data);
  });

  test("finds results that differ, without a snapshot", async () => {
    const { reset: _reset, snapshot: _snapshot, ...without } = squares();
    let calls = 0;
    const worker = () => ({ calls: calls++ });
    const { findings, ok } = await testPipeline({ ...without, worker, throws: false });
    expect(ok).toBe(false);
    expect(findings[0]).toMatchObject({ kind: "result", handler: "the worker's function" });
    const sameResult = () => true;
    expect((await testPipeline({ ...without, worker, sameResult })).ok).toBe(true);
  });

  test("finds a worker that throws when it executes an item again", async () => {
    const made = new Set<number>();
    const { findings } = await verdictOf({
      worker: ({ n }: { n: number }) => {
        if (made.has(n)) throw new Error(`row ${n} exists`);
        made.add(n);
        return n;
      },
      reset: () => made.clear(),
      snapshot: () => made,
    });
    expect(findings[0]).toMatchObject({
      kind: "threw",
      error: { message: expect.stringContaining("exists") },
    });
  });

  test("finds a collector that loses what it keeps in its fields when it is killed", async () => {
    const totals: number[] = [];
    class Sum extends Collector<number> {
      sum = 0;
      handleCollection(square: number) {
        this.sum += square;
      }
      override handleFinished() {
        totals.push(this.sum);
      }
    }
    const { findings } = await verdictOf({
      collector: Sum,
      reset: () => void totals.splice(0),
      snapshot: () => totals,
    });
    expect(findings).toMatchObject([{ kind: "outcome", before: [204] }]);
  });

  test("finds an outcome that depends on the order of results", async () => {
    const order: number[] = [];
    const { findings, seed } = await verdictOf({
      collector: (square: number) => void order.push(square),
      reset: () => void order.splice(0),
      snapshot: () => order,
    });
    expect(findings).toMatchObject([{ kind: "order" }]);
    expect(seed).toBeUndefined();
  });

  test("finds a source that gives other items after a restart from the journal", async () => {
    let next = 0;
    const { findings } = await verdictOf({
      tasks: [{ taskType: "square", items: () => ITEMS.map(() => ({ n: next++ })) }],
      faults: { killDistributor: 0.2 },
      snapshot: undefined as never,
      sameResult: () => true,
    });
    expect(findings).toMatchObject([{ kind: "source", taskType: "square" }]);
  });

  test("survives every fault at rates of 1 where the pipeline does", async () => {
    const every = { killWorker: 1, killCollector: 1, killDistributor: 0.3, repeat: 1, loseConnection: 0.5 };
    const faults = { ...every, loseMessages: 0.2, freeze: 0.2, duplicate: 0.3 };
    const { tried } = await testPipeline(squares({ faults, runs: 3 }));
    expect(tried.killedDistributors).toBeGreaterThan(0);
    expect(tried.repeatedCollections).toBeGreaterThan(0);
  });

  test("runs classes, with dependencies, metadata, async items and batches", async () => {
    const rows = new Map<string, unknown>();
    const ended: string[] = [];
    class First extends Task<{ n: number }, { factor: number }> {
      readonly taskType = "first";
      override async *items() {
        for (const item of ITEMS) yield { n: item.n * this.metadata.factor };
      }
    }
    class Double extends SingleThreadedWorker<{ n: number }, { n: number }, { factor: number }> {
      readonly taskType = "first";
      override async initWorker() {
        await Promise.resolve();
      }
      async handleExecution({ n }: { n: number }) {
        return { n: n * this.metadata.factor };
      }
      override closeWorker() {
        ended.push("worker");
      }
    }
    class Rows extends BatchCollector<{ n: number }> {
      async handleBatch(results: readonly CollectedResult<{ n: number }>[]) {
        for (const { id, data } of results) rows.set(id, data.n);
      }
    }
    const { ok } = await testPipeline({
      tasks: [First, { taskType: "second", items: [1, 2], dependencies: ["first"] }],
      worker: [Double, { taskType: "second", handler: (n: number) => ({ n: -n }) }],
      collector: Rows,
      metadata: { factor: 10 },
      reset: () => rows.clear(),
      snapshot: () => new Map([...rows].toSorted()),
      runs: 5,
    });
    expect(ok).toBe(true);
    expect(rows.size).toBe(10);
    expect(rows.get("run/first/7")).toBe(800);
    expect(ended.length).toBeGreaterThan(0);
  });

  long("makes 1,000 runs of a small pipeline", async () => {
    expect((await testPipeline(squares({ runs: 1000 }))).tried.runs).toBe(1003);
  });
});

describe("testPipeline() reports", () => {
  test("an item that fails for good, unless that is allowed", async () => {
    const worker = function odd({ n }: { n: number }) {
      if (n === 3) throw new RangeError("three is odd");
      return n;
    };
    const { findings, seed } = await verdictOf({ worker });
    expect(findings).toMatchObject([
      {
        kind: "failed",
        handler: "worker odd()",
        item: { data: { n: 3 } },
        error: { message: "three is odd" },
      },
    ]);
    expect(seed).toBeUndefined();
    expect((await testPipeline(squares({ worker, allowFailures: true }))).ok).toBe(true);
  });

  test("a collector, a hook or a task that throws, with the text of the error", async () => {
    const collector = () => {
      throw new Error("disk full");
    };
    const { findings } = await verdictOf({ collector });
    expect(findings).toMatchObject([{ kind: "run", message: expect.stringContaining("disk full") }]);
    const items = function* () {
      yield { n: 1 };
      throw new Error("no more rows");
    };
    const broken = await verdictOf({ tasks: [{ taskType: "square", items }] });
    expect(broken.findings).toMatchObject([{ kind: "run", taskType: "square" }]);
    expect(broken.text).toContain("no more rows");
  });

  test("a pipeline that never ends, by virtual time", async () => {
    const items = function* () {
      for (;;) yield { n: 1 };
    };
    const { findings, text } = await verdictOf({ tasks: [{ taskType: "square", items }], timeLimit: 1000 });
    expect(findings).toMatchObject([{ kind: "endless" }]);
    expect(text).toMatch(
      /not ended within 1000 ms of virtual time \(timeLimit\): task "square" is open, has given \d+ items/,
    );
  });

  test("a promise that never settles, by real time", async () => {
    const worker = () => new Promise(() => {});
    const { text } = await verdictOf({ worker, handlerTimeout: 20 });
    expect(text).toContain("for item run/square/0 did not settle within 20 ms of real time (handlerTimeout)");
  });
});

describe("testPipeline() refuses", () => {
  test.each<[string, object]>([
    ['"workers": give what a Pipeline has as workers as worker', { workers: [] }],
    ["not a Pipeline, which runs once", Object.create(Pipeline.prototype)],
    ['faults has no option "killWorkers"; did you mean "killWorker"?', { faults: { killWorkers: 1 } }],
    ["faults.repeat 2 must be a number from 0 to 1", { faults: { repeat: 2 } }],
    ["snapshot needs reset", { reset: undefined }],
    ["runs 0 must be an integer", { runs: 0 }],
    ["can be read only once", { tasks: [{ taskType: "square", items: [1].values() }] }],
    ['has no option "itens"', { tasks: [{ taskType: "square", itens: [] }] }],
    ["there is no task", { worker: { taskType: "cube", handler: () => {} } }],
    ["{ taskType, handler } or { module }, not a string", { worker: "square.mjs" }],
    ["worker must be the class, not an instance of Squarer", { worker: new Squarer() }],
    ["zmqpipeline chaos FILE --seed 1 tests the run with its programs", { worker: { command: ["sh"] } }],
    ["zmqpipeline chaos FILE --seed 1 tests the run with its programs", { worker: { exec: "echo {}" } }],
    ['worker has no option "modul"', { worker: { modul: "square.mjs" } }],
    ["collector must be a class or a function", { collector: {} }],
    ["give { create: () => new MyCollector(options) }", { collector: new Rows() }],
    ["create() must return a Collector, not an object", { collector: { create: () => ({}) } }],
  ])("%s", async (message, changes) => {
    const options = changes instanceof Pipeline ? (changes as never) : squares(changes);
    await expect(testPipeline(options)).rejects.toThrow(message);
  });
});
