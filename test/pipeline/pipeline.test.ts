import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type CollectionInfo,
  Collector,
  EndpointAddress,
  MetaDataWorker,
  Pipeline,
  type PipelineOptions,
  readJournal,
  Task,
  TaskType,
} from "zmqpipeline";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const MODULE = new URL("../fixtures/local-worker.mjs", import.meta.url);
const DOUBLE = TaskType.register("double");
const AFTER = TaskType.register("after");
const nowhere = new EndpointAddress("tcp://localhost:1");

function* numbers(count: number): Generator<{ n: number }> {
  for (let n = 0; n < count; n++) yield { n };
}

/** A pipeline that echoes numbers, and what it collects. */
function echoing(count: number, options: Partial<PipelineOptions> = {}) {
  const collected: number[] = [];
  const pipeline = new Pipeline({
    tasks: [{ taskType: DOUBLE, items: () => numbers(count) }],
    workers: { module: MODULE, exportName: "echo", count: 2 },
    collector: ({ n }: { n: number }) => {
      collected.push(n);
    },
    ...options,
  });
  return { pipeline, collected };
}

describe("A Pipeline", () => {
  test("runs a short form: items, a function that works, a function that collects", async () => {
    const { pipeline, collected } = echoing(1000);
    expect(pipeline.progress).toEqual({ workers: 0, tasks: {} });
    const summary = await pipeline.run();
    expect(summary).toMatchObject({
      status: "complete",
      tasks: { double: { items: 1000, acked: 1000, failed: 0 } },
    });
    expect(collected.sort((a, b) => a - b)).toEqual([...numbers(1000)].map(({ n }) => n));
    await expect(pipeline.run()).rejects.toThrow(/runs once/);
  });

  test("ends with the distributor's own error, however late that comes", async () => {
    const file = join(tempFolder(), "late.mjs");
    const blocks = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)";
    writeFileSync(file, `export default ({ n }) => { if (n === 0) throw new Error("no"); ${blocks}; };`);
    const { pipeline } = echoing(2, {
      tasks: [{ taskType: DOUBLE, items: () => numbers(2), retry: { attempts: 1 } }],
      workers: { module: file, count: 2 },
      minWorkers: 2, // one of them is blocked when the run is given up, and confirms nothing
      maxFailures: 0,
    });
    await expect(pipeline.run()).rejects.toMatchObject({ code: "TOO_MANY_FAILURES" });
  });

  test("runs classes of all roles, wherever their endpoints are", async () => {
    class Numbers extends Task<{ n: number }> {
      readonly taskType = DOUBLE;
      readonly endpoint = nowhere;
      override *items() {
        yield* numbers(100);
      }
    }
    class Factor extends MetaDataWorker<{ factor: number }> {
      readonly endpoint = nowhere;
      getMetadata() {
        return { factor: 2 };
      }
    }
    class Sum extends Collector<{ n: number }> {
      readonly endpoint = nowhere;
      readonly ackEndpoint = nowhere;
      sum = 0;
      handleCollection({ n }: { n: number }) {
        this.sum += n;
      }
    }
    const collector = new Sum();
    const workers = { module: MODULE, exportName: "Doubler", count: 2 };
    await new Pipeline({ tasks: [Numbers], workers, collector, metadata: Factor }).run();
    expect(collector.sum).toBe(9900);
    const again = new Sum();
    await new Pipeline({ tasks: [new Numbers()], workers, collector: again, metadata: { factor: 3 } }).run();
    expect(again.sum).toBe(14_850);
  });

  test("runs dependent tasks, each with workers of its own", async () => {
    const order: string[] = [];
    const collector = (_data: object, { taskType }: CollectionInfo) => {
      order.push(taskType.name);
    };
    const tasks = [
      { taskType: AFTER, items: () => numbers(10), dependencies: [DOUBLE] },
      { taskType: DOUBLE, items: numbers(10) },
    ];
    const workers = [
      { module: MODULE, exportName: "echo", taskType: AFTER, count: 1 },
      { module: MODULE, exportName: "talks", taskType: DOUBLE, count: 1 },
    ];
    const lines: string[] = [];
    await new Pipeline({
      tasks,
      workers,
      collector,
      onOutput: (line, { worker, stream }) => lines.push(`${worker} ${stream} ${line}`),
    }).run();
    expect(order).toEqual([...Array(10).fill("double"), ...Array(10).fill("after")]);
    expect(lines).toContain("2 stdout out 3");
    expect(lines).toContain("2 stderr err 3");
  });

  long("goes on from its journal", async () => {
    const journal = join(tempFolder(), "run.journal");
    const first = echoing(20_000, { journal });
    const running = first.pipeline.run();
    await expect.poll(() => first.collected.length).toBeGreaterThan(10);
    await first.pipeline.stop();
    expect(await running).toMatchObject({ status: "stopped" });
    const second = echoing(20_000, { journal });
    expect(await second.pipeline.run()).toMatchObject({
      status: "complete",
      tasks: { double: { acked: 20_000 } },
    });
    expect(new Set([...first.collected, ...second.collected]).size).toBe(20_000);
    expect(readJournal(journal).isComplete).toBe(true);
  });
});

describe("A Pipeline ends", () => {
  test("at stop(), with the results so far", async () => {
    const stop = new AbortController();
    const { pipeline, collected } = echoing(Number.POSITIVE_INFINITY);
    const running = pipeline.run({ signal: stop.signal });
    await expect.poll(() => collected.length).toBeGreaterThan(10);
    expect(pipeline.progress.tasks.double?.phase).toBe("open");
    stop.abort();
    const summary = await running;
    expect(summary.status).toBe("stopped");
    expect(summary.tasks.double?.acked).toBe(collected.length);
  });

  test("by a signal that was aborted before it began", async () => {
    const { pipeline, collected } = echoing(10);
    expect(await pipeline.run({ signal: AbortSignal.abort() })).toMatchObject({ status: "stopped" });
    expect(collected).toEqual([]);
  });

  test("with the error of the role that fails first", async () => {
    const broken = echoing(10, {
      collector: () => {
        throw new Error("full");
      },
    });
    await expect(broken.pipeline.run()).rejects.toMatchObject({ code: "COLLECTION_FAILED", message: /full/ });
    const unready = echoing(10, {
      workers: { module: MODULE, exportName: "Unready", count: 1 },
      onOutput: () => {},
    });
    await expect(unready.pipeline.run()).rejects.toMatchObject({
      code: "WORKER_FAILED",
      message: /Worker 1 cannot work: .*not ready/,
      cause: { code: "INIT_FAILED" },
    });
    const tasks = [
      {
        taskType: DOUBLE,
        *items() {
          yield { n: 1 };
          throw new Error("no more");
        },
      },
    ];
    await expect(echoing(0, { tasks }).pipeline.run()).rejects.toMatchObject({ code: "TASK_FAILED" });
  });

  test("at its construction when options are wrong", () => {
    expect(() => echoing(1, { tasks: [] })).toThrow(/at least one task/);
    expect(() => echoing(1, { workers: [] })).toThrow(/needs workers/);
    expect(() => echoing(1, { workers: { module: MODULE, count: -1 } })).toThrow(RangeError);
    expect(() => echoing(1, { restarts: -1 })).toThrow(RangeError);
    expect(() => echoing(1, { tasks: [{} as never] })).toThrow(/must be a Task/);
    expect(() => echoing(1, { collector: 7 as never })).toThrow(/collector must be/);
  });
});
