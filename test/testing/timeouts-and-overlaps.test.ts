import { describe, expect, test } from "vitest";
import type { ExecutionInfo } from "zmqpipeline";
import { type PipelineTestOptions, testPipeline } from "zmqpipeline/testing";

/** A pipeline whose worker writes to a counter, as to a table of a database. */
function counting(worker: PipelineTestOptions["worker"], counter: Map<string, number>, timeout = 0) {
  const items = [1, 2, 3, 4, 5, 6, 7, 8];
  return {
    tasks: [{ taskType: "count", items, ...(timeout > 0 ? { timeout } : {}) }],
    worker,
    collector: () => {},
    reset: () => counter.clear(),
    snapshot: () => counter,
    throws: false,
    runs: 20,
  } satisfies PipelineTestOptions;
}

/** One turn of the event loop, as for a query. */
const query = () => new Promise((resolve) => setImmediate(resolve));

describe("testPipeline(), where a task has a timeout", () => {
  test("aborts the signal of executions, which are repeated", async () => {
    const rows = new Map<string, number>();
    let aborted = 0;
    const worker = async (n: number, { id, signal }: ExecutionInfo) => {
      await query();
      if (signal.aborted) aborted += 1;
      signal.throwIfAborted();
      rows.set(id, n);
    };
    const verdict = await testPipeline(counting(worker, rows, 1000));
    expect(verdict.findings).toEqual([]);
    expect(verdict.tried.timeouts).toBe(aborted);
    expect(aborted).toBeGreaterThan(0);
    expect(verdict.text).toMatch(/, \d+ timeouts?/);
    const without = await testPipeline(counting(worker, rows));
    expect(without.tried.timeouts).toBe(0);
  });

  test("finds a handler that is not idempotent when its time was over and its work done", async () => {
    const total = new Map<string, number>();
    const add = async function add(n: number) {
      await query();
      total.set("sum", (total.get("sum") ?? 0) + n);
    };
    const { findings } = await testPipeline({ ...counting(add, total, 1000), faults: { expire: 0.5 } });
    expect(findings).toMatchObject([{ kind: "effect", handler: "worker add()" }]);
  });

  test("ends an execution that hears its signal only, by real time", async () => {
    const rows = new Map<string, number>();
    const worker = async function listen(n: number, { signal }: ExecutionInfo) {
      if (n === 3)
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    };
    const { findings } = await testPipeline({ ...counting(worker, rows, 50), handlerTimeout: 10 });
    expect(findings).toMatchObject([
      { kind: "failed", handler: "worker listen()", item: { data: 3 }, error: { code: "EXECUTION_TIMEOUT" } },
    ]);
  });
});

describe("testPipeline() with overlaps", () => {
  const faults = { overlap: 0.3 };

  test("finds handlers that disturb each other, with both items", async () => {
    const total = new Map<string, number>();
    const done = new Set<string>();
    const increment = async function increment(n: number, { id }: ExecutionInfo) {
      if (done.has(id)) return;
      const read = total.get("sum") ?? 0;
      await query();
      total.set("sum", read + n);
      done.add(id);
    };
    const reset = () => {
      total.clear();
      done.clear();
    };
    const verdict = await testPipeline({ ...counting(increment, total), reset, faults });
    expect(verdict.findings).toMatchObject([
      { kind: "race", handler: "worker increment()", taskType: "count" },
    ]);
    const { message } = verdict.findings[0] ?? {};
    expect(message).toMatch(
      /increment\(\) and itself disturb each other .* item run\/count\/\d, \d and item run\/count\/\d, \d:/,
    );
    const again = await testPipeline({
      ...counting(increment, total),
      reset,
      faults,
      seed: verdict.seed ?? 0,
      runs: 1,
    });
    expect(again.findings).toEqual(verdict.findings);
    const alone = await testPipeline({ ...counting(increment, total), reset });
    expect(alone.findings).toEqual([]);
  });

  test("passes handlers that write rows of their own", async () => {
    const rows = new Map<string, number>();
    const worker = async (n: number, { id }: ExecutionInfo) => {
      const read = rows.get(id) ?? n;
      await query();
      rows.set(id, read);
    };
    const others = { killWorker: 0.1, repeat: 0.1, freeze: 0.05, killDistributor: 0.05 };
    const { findings, tried } = await testPipeline({
      ...counting(worker, rows),
      faults: { ...faults, ...others },
    });
    expect(findings).toEqual([]);
    expect(tried.overlaps).toBeGreaterThan(10);
  });
});
