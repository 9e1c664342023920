import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type MapOptions, type MapResult, map } from "zmqpipeline";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const MODULE = new URL("../fixtures/stuck-worker.mjs", import.meta.url);

const once = { workers: 2, timeout: 200, retry: { attempts: 1 } } as const;

async function settled(inputs: readonly unknown[], options: MapOptions) {
  const outcomes: MapResult<unknown>[] = [];
  const results = map<unknown>(inputs, MODULE, { onOutput: () => {}, ...options, settled: true });
  for await (const outcome of results) outcomes.push(outcome);
  return outcomes;
}

const failures = (inputs: readonly unknown[], outcomes: readonly MapResult<unknown>[]) =>
  inputs.filter((_input, index) => outcomes[index]?.status === "rejected");

describe("An item that blocks its worker for ever, with a timeout,", () => {
  long("fails alone, in whatever way it blocks, and the run ends", async () => {
    const inputs: unknown[] = [...Array(400).keys()];
    for (const [index, way] of ["loop", "pattern", "wait", "later"].entries()) inputs[index * 100 + 50] = way;
    const outcomes = await settled(inputs, once);
    expect(failures(inputs, outcomes)).toEqual(["loop", "pattern", "wait", "later"]);
    const [failure] = outcomes.filter(({ status }) => status === "rejected");
    expect(failure).toMatchObject({ reason: { message: expect.stringMatching(/longer than 200 ms/) } });
  });

  long("is found among other pending items, and these succeed", async () => {
    const inputs = [...Array(20).keys()].map((n) => (n === 10 ? "later" : n));
    const outcomes = await settled(inputs, { ...once, workers: 1, concurrency: 8 });
    expect(outcomes).toHaveLength(20);
    expect(failures(inputs, outcomes)).toEqual(["later"]);
  });

  long("is tried again, in another process", async () => {
    const inputs = ["a", "loop", "b"];
    const outcomes = await settled(inputs, { ...once, workers: 1, retry: { attempts: 2, backoff: 0 } });
    expect(failures(inputs, outcomes)).toEqual(["loop"]);
    expect(outcomes[1]).toMatchObject({ reason: { attempts: 2 } });
  });
});

describe("An item that blocks its worker, without a timeout,", () => {
  for (const exportName of ["untilFile", "laterUntilFile"]) {
    test(`keeps no other item waiting: ${exportName}`, async () => {
      const file = join(tempFolder(), "go-on");
      // What was granted behind it comes from the other worker: the item itself goes on only when all others are there.
      const inputs = [...Array(1000).keys()].map((n) => (n === 300 ? file : n));
      const options = { exportName, workers: 2, ordered: false, onOutput: () => {} } as const;
      const seen = new Set<unknown>();
      for await (const result of map<unknown>(inputs, MODULE, options)) {
        seen.add(result);
        if (seen.size === 999) writeFileSync(file, "");
      }
      expect(seen.size).toBe(1000);
    });
  }
});
