import { describe, expect, test } from "vitest";
import {
  Collector,
  type Failure,
  Pipeline,
  type PipelineOptions,
  type RunProgress,
  type RunSummary,
  TaskType,
} from "zmqpipeline";
import { captureLog } from "../support/captured-log.ts";
import { long } from "../support/long.ts";

const log = captureLog();

const tasks = [{ taskType: "reported", items: [{ n: 1 }, { n: 2 }, { n: 3 }], retry: { attempts: 1 } }];
const workers = {
  module: new URL("../fixtures/reported-worker.mjs", import.meta.url),
  count: 1,
};

/** Runs a pipeline whose second item fails. */
const run = (options: Partial<PipelineOptions>) =>
  new Pipeline({ tasks, workers, collector: () => {}, ...options }).run();

describe("The short form of a Pipeline", () => {
  test("reports failures, progress and the end, in order", async () => {
    const events: string[] = [];
    const failures: Failure<unknown>[] = [];
    let last: RunProgress | undefined;
    let finished: RunSummary | undefined;
    const summary = await run({
      collector: ({ n }: { n: number }) => void events.push(`result ${n}`),
      onFailure: async (failure) => {
        await Promise.resolve();
        failures.push(failure);
      },
      onProgress: (progress) => {
        last = progress;
      },
      onFinished: async (summary) => {
        await Promise.resolve();
        finished = summary;
        events.push("finished");
      },
    });
    expect(events).toEqual(["result 1", "result 3", "finished"]);
    expect(failures).toMatchObject([
      { taskType: TaskType.register("reported"), data: { n: 2 }, attempts: 1, error: { message: "not 2" } },
    ]);
    expect(last?.tasks.reported).toMatchObject({ phase: "complete", acked: 2, failed: 1, total: 3 });
    expect(finished).toBe(summary);
    expect(log().join("\n")).not.toContain("item failed");
  });

  long("calls onFailure behind the collector's own handleFailure()", async () => {
    const calls: string[] = [];
    class Sink extends Collector {
      handleCollection() {}
      override handleFailure({ id }: Failure<object>) {
        calls.push(`collector ${id.slice(id.lastIndexOf("/"))}`);
      }
    }
    await run({ collector: Sink, onFailure: ({ id }) => calls.push(id.slice(id.lastIndexOf("/"))) });
    expect(calls).toEqual(["collector /1", "/1"]);
  });

  long("ends the run with what a report throws", async () => {
    const fail = (text: string) => () => {
      throw new RangeError(text);
    };
    await expect(run({ onProgress: fail("in progress") })).rejects.toThrow("in progress");
    await expect(run({ onProgress: async () => fail("in a promise")() })).rejects.toThrow("in a promise");
    await expect(run({ onFinished: fail("at the end") })).rejects.toThrow("at the end");
    expect(log().join("\n")).toContain("item failed"); // there is no onFailure that tells it
    await expect(run({ onFailure: fail("of a failure") })).rejects.toMatchObject({
      code: "COLLECTION_FAILED",
      cause: { message: "of a failure" },
    });
  });

  test("refuses reports that are no functions", () => {
    for (const name of ["onFailure", "onProgress", "onFinished"])
      expect(() => new Pipeline({ tasks, workers, collector: () => {}, [name]: "text" as never })).toThrow(
        `${name} must be a function`,
      );
  });
});

describe("A Pipeline refuses", () => {
  const options = { workers, collector: () => {} };
  const other = { taskType: "other", items: [] };

  test.each<[string, Partial<PipelineOptions>, string]>([
    [
      "workers of no task",
      { workers: { ...workers, taskType: "reportde" } },
      'There are workers of "reportde", which is no task; did you mean "reported"?',
    ],
    [
      "a task without workers",
      { tasks: [...tasks, other], workers: { ...workers, taskType: "reported" } },
      'Task "other" has no workers: { module, taskType: "other" }',
    ],
    ["tasks that are no array", { tasks: other as never }, "tasks must be an array, not an object"],
  ])("%s", (_what, wrong, message) => {
    expect(() => new Pipeline({ tasks, ...options, ...wrong })).toThrow(new TypeError(message));
  });
});

long("A Pipeline that is stopped waits for onFinished() no longer than it may take to stop", async () => {
  const pipeline: Pipeline = new Pipeline({
    tasks,
    workers,
    collector: () => {},
    onFinished: () => {
      void pipeline.stop({ timeout: 50 });
      return new Promise(() => {});
    },
  });
  expect(await pipeline.run()).toMatchObject({ status: "complete" });
  expect(log().join("\n")).toContain("onFinished() did not end in time after the run was stopped");
});
