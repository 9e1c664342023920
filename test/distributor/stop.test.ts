import { expect, test } from "vitest";
import { freshEndpoints } from "../support/endpoints.ts";
import { LongTask, makeDistributor, NumbersCollector, NumbersWorker } from "../support/roles.ts";

test("A distributor that is stopped when all workers have left does not wait for its timeout, though items are open", async () => {
  const endpoints = await freshEndpoints("inproc");
  let worker: NumbersWorker | undefined;
  const left = new Promise<void>((resolve) => {
    // Leaves with its first item: the others that it has been granted go back to the queue.
    worker = new NumbersWorker(endpoints, async (data) => {
      void worker?.stop({ timeout: 60_000 }).then(resolve);
      await new Promise((done) => setTimeout(done, 10));
      return data;
    });
  });
  const distributor = makeDistributor(endpoints, new LongTask(endpoints), { windowTime: 10_000 });
  const running = [distributor.run(), new NumbersCollector(endpoints).run(), worker?.run()] as const;
  await left;
  await distributor.stop({ timeout: 600_000 });
  const [{ status, tasks }] = await Promise.all(running);
  expect(status).toBe("stopped");
  expect(tasks.numbers?.acked).toBeLessThanOrEqual(tasks.numbers?.items ?? 0);
});
