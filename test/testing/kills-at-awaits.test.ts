import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { SingleThreadedWorker } from "zmqpipeline";
import { type PipelineTestOptions, testPipeline } from "zmqpipeline/testing";

/** Stands for the tables of a database. */
const rows = new Map<string, unknown>();

/** One turn of the event loop, as for a query. */
const query = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A write that takes one. */
async function write(key: string, value: unknown): Promise<void> {
  await query();
  rows.set(key, value);
}

function writing(
  worker: PipelineTestOptions["worker"],
  collector: PipelineTestOptions["collector"] = () => {},
): PipelineTestOptions {
  return {
    tasks: [{ taskType: "write", items: [{ n: 1 }, { n: 2 }] }],
    worker,
    collector,
    reset: () => rows.clear(),
    snapshot: () => rows,
    throws: false,
    runs: 1,
  };
}

describe("testPipeline(), which kills handlers at their awaits", () => {
  const { constructor: before } = Object.getOwnPropertyDescriptors(Promise.prototype);
  afterEach(() => expect(Object.getOwnPropertyDescriptors(Promise.prototype).constructor).toEqual(before));

  test("finds a worker that skips an item whose first write is there", async () => {
    const skip = async function skip({ n }: { n: number }, { id }: { id: string }) {
      if (rows.has(id)) return;
      await write(id, n);
      await write(`${id}/total`, n);
    };
    const verdict = await testPipeline(writing(skip));
    expect(verdict.findings).toMatchObject([
      {
        kind: "partial",
        handler: "worker skip()",
        taskType: "write",
        item: { id: "run/write/0", data: { n: 1 } },
      },
    ]);
    expect(verdict.seed).toBeUndefined();
    expect(verdict.text).toMatch(
      /killed at an await, skip \(.*kills-at-awaits\.test\.ts:\d+:\d+\), when it had item run/,
    );
    expect(verdict.text).toContain(
      "another snapshot than without the kill: get('run/write/0/total'): 1 → absent",
    );
  });

  test("finds a worker that throws when it finds what the killed one has left", async () => {
    const insert = async function insert({ n }: { n: number }, { id }: { id: string }) {
      if (rows.get(id) === "done") return;
      if (rows.has(id)) throw new Error("duplicate key");
      rows.set(id, n);
      await query();
      rows.set(id, "done");
    };
    const { findings } = await testPipeline(writing(insert));
    expect(findings).toMatchObject([
      { kind: "partial", handler: "worker insert()", error: { message: "duplicate key" } },
    ]);
  });

  test("kills each handler once at each place, and passes one that bears it", async () => {
    class Writer extends SingleThreadedWorker<{ n: number }, object> {
      async handleExecution({ n }: { n: number }, { id }: { id: string }) {
        await write(id, n);
        await Promise.all([write(`${id}/a`, n), write(`${id}/b`, n)]);
        return {};
      }
    }
    const collect = async (_: unknown, { id }: { id: string }) => await write(`collected ${id}`, 1);
    const verdict = await testPipeline(writing(Writer, collect));
    expect(verdict.findings).toEqual([]);
    // In the worker: twice, and in write(); in the collector: in write(), and in the function itself.
    expect(verdict.tried.killsAtAwaits).toBe(5);
    expect(verdict.text).toContain("5 kills at an await");
  });

  test("finds a collector that does half of its work", async () => {
    const store = async function store(_: unknown, { id }: { id: string }) {
      if (rows.has(id)) return;
      await write(id, 1);
      await write(`sum ${id}`, 1);
    };
    const { findings } = await testPipeline(writing(() => {}, store));
    expect(findings).toMatchObject([{ kind: "partial", handler: "collector store()" }]);
  });

  test("stops all branches of a killed handler, and lets it release what it holds before the next run", async () => {
    const held = new Set<string>();
    let most = 0;
    async function count(): Promise<void> {
      await query();
      await query();
      rows.set("count", ((rows.get("count") as number | undefined) ?? 0) + 1);
    }
    const branches = ({ n }: { n: number }, { id }: { id: string }) => {
      held.add(id);
      most = Math.max(most, held.size);
      return Promise.all([write(id, n), count()]).finally(() => held.delete(id));
    };
    const verdict = await testPipeline({ ...writing(branches), faults: { killAtAwait: 1 } });
    // A branch that went on would count its item twice.
    expect(verdict.findings).toEqual([]);
    expect(verdict.tried.killsAtAwaits).toBe(3);
    expect(most).toBe(2);
    expect(held.size).toBe(0);
  });

  test("kills no code of Node or of packages: what is awaited happens as a whole", async () => {
    const folder = await mkdtemp(join(tmpdir(), "zqp-test-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const save = async ({ n }: { n: number }) => {
      const file = join(folder, `${n}`);
      await writeFile(file, `${n}`);
      return { text: await readFile(file, "utf8") };
    };
    const verdict = await testPipeline({ ...writing(save), faults: { killAtAwait: 1 } });
    expect(verdict.findings).toEqual([]);
    expect(verdict.tried.killsAtAwaits).toBe(2);
  });

  test("says of a handler that waits for the killed one that a lock in a variable is free in another process", async () => {
    let isLocked = false;
    const lock = async function lock({ n }: { n: number }, { id }: { id: string }) {
      while (isLocked) await query();
      isLocked = true;
      await write(id, n);
      isLocked = false;
    };
    const options = { ...writing(lock), handlerTimeout: 50 };
    const { findings } = await testPipeline(options);
    expect(findings).toMatchObject([{ kind: "partial", handler: "worker lock()" }]);
    expect(findings[0]?.message).toMatch(/did not settle within 50 ms .* leave out the fault killAtAwait$/);
    const without = await testPipeline({ ...options, faults: { repeat: 1 } });
    expect(without.findings).toEqual([]);
    expect(without.tried.killsAtAwaits).toBe(0);
  });
});

test.each([1, 2, 3])(
  "testPipeline() repeats each result on purpose, also in a pipeline of %i items",
  async (count) => {
    let sum = 0;
    const { findings, seed } = await testPipeline({
      ...writing(
        ({ n }: { n: number }) => ({ n }),
        function add({ n }: { n: number }) {
          sum += n;
        },
      ),
      tasks: [{ taskType: "write", items: [1, 2, 3].slice(0, count).map((n) => ({ n })) }],
      reset: () => {
        sum = 0;
      },
      snapshot: () => sum,
    });
    expect(findings).toMatchObject([{ kind: "effect", handler: "collector add()" }]);
    expect(seed).toBeUndefined();
  },
);
