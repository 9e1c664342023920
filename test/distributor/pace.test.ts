import { join } from "node:path";
import { expect, test } from "vitest";
import { Task, TaskType } from "../../src/index.ts";
import { freshEndpoints, tempFolder } from "../support/endpoints.ts";
import { address } from "../support/endpoints-of.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";

const NOTHING = { acked: 0, failed: 0, retried: 0 };

test("The summary's pace counts from the first item to the last", async () => {
  const endpoints = await freshEndpoints("inproc");
  const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 50));
  expect(distributor.progress.tasks).toEqual({});
  const [summary] = await Promise.all([
    distributor.run(),
    new NumbersWorker(endpoints).run(),
    new NumbersCollector(endpoints).run(),
  ]);
  const { numbers } = summary.pace;
  expect(numbers).toMatchObject({ earlier: NOTHING, expected: 50, timeLeft: undefined, stalled: undefined });
  expect(numbers?.duration).toBeGreaterThan(0);
  expect(numbers?.duration).toBeLessThan(summary.duration); // the workers' start belongs to the run only
  expect(numbers?.rate).toBeCloseTo((50 * 1000) / (numbers?.duration ?? 0), 6);
  expect(distributor.progress.tasks.numbers).toMatchObject({ phase: "complete", pace: numbers });
});

/** Numbers whose distributor is stopped in the middle, as by Ctrl-C. */
class Stopped extends Task<{ n: number }> {
  readonly taskType = TaskType.register("numbers");
  readonly endpoint;
  override readonly total = 1000;
  constructor(endpoints: Awaited<ReturnType<typeof freshEndpoints>>) {
    super();
    this.endpoint = address(endpoints.task);
  }
  override *items() {
    for (let n = 0; n < 1000; n++) yield { n };
  }
}

test("The progress of a run that was stopped says so, and a run that goes on counts its own life", async () => {
  const endpoints = await freshEndpoints("inproc");
  const journal = join(tempFolder(), "run.journal");
  const life = async (stopAfter: number) => {
    const distributor = makeDistributor(endpoints, new Stopped(endpoints), { journal, maxWindow: 5 });
    let collected = 0;
    class Collecting extends NumbersCollector {
      override handleCollection(...args: Parameters<NumbersCollector["handleCollection"]>) {
        collected += 1;
        if (collected === stopAfter) void distributor.stop();
        return super.handleCollection(...args);
      }
    }
    const worker = new NumbersWorker(endpoints, (data) => data);
    const [summary] = await Promise.all([distributor.run(), worker.run(), new Collecting(endpoints).run()]);
    return { summary, progress: distributor.progress };
  };

  const first = await life(207);
  const { acked = 0, items = 0 } = first.summary.tasks.numbers ?? {};
  expect(first.summary.status).toBe("stopped");
  expect(items).toBeLessThan(1000);
  // All that was produced is settled, which does not make the task complete.
  expect(acked).toBe(items);
  expect(first.progress.tasks.numbers).toMatchObject({ phase: "stopped", total: 1000 });
  expect(first.summary.pace.numbers).toMatchObject({ expected: 1000, earlier: NOTHING });

  const second = await life(Number.POSITIVE_INFINITY);
  expect(second.summary.tasks.numbers).toMatchObject({ items: 1000, acked: 1000 });
  const { earlier, rate = 0, duration = 0 } = second.summary.pace.numbers ?? {};
  expect(earlier).toEqual({ acked, failed: 0, retried: 0 });
  expect((rate * duration) / 1000).toBeCloseTo(1000 - acked, 3);
  expect(second.progress.tasks.numbers?.phase).toBe("complete");
});
