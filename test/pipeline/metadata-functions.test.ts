import { expect, test } from "vitest";
import { Pipeline } from "zmqpipeline";
import { long } from "../support/long.ts";

const module = new URL("../fixtures/metadata-worker.mjs", import.meta.url);

/** Runs with metadata that functions read: the one that makes the items, and the worker's hook. */
async function run(workers: { readonly threads?: number }): Promise<number[]> {
  const results: number[] = [];
  const pipeline = new Pipeline({
    metadata: { most: 3, factor: 10 },
    tasks: [
      {
        taskType: "metadata functions",
        *items({ most }: { most: number }) {
          for (let n = 1; n <= most; n++) yield { n };
        },
      },
    ],
    workers: { module, count: 1, ...workers },
    collector: ({ n }: { n: number }) => void results.push(n),
  });
  expect((await pipeline.run()).status).toBe("complete");
  return results.sort((one, other) => one - other);
}

test("The metadata go to functions: that which makes the items, and initWorker() of a module", async () => {
  expect(await run({})).toEqual([10, 20, 30]);
});

long("The metadata go to initWorker() of a module in threads", async () => {
  expect(await run({ threads: 1 })).toEqual([10, 20, 30]);
});
