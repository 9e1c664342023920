import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type MapOptions, type MapProgress, map, RemoteError } from "zmqpipeline";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const MODULE = new URL("../fixtures/local-worker.mjs", import.meta.url);

const mapped = (exportName: string, inputs: Iterable<unknown>, options: MapOptions = {}) =>
  map<number>(inputs, MODULE, { workers: 1, onOutput: () => {}, exportName, ...options });

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

const journalFile = () => join(tempFolder(), "map.journal");

async function taken(results: AsyncIterable<number>, stopAfter: number): Promise<number[]> {
  const all: number[] = [];
  for await (const result of results) {
    all.push(result);
    if (all.length === stopAfter) break;
  }
  return all;
}

describe("A journal of map()", () => {
  test("gives in the next run what the loop had not done, and nothing in a run after that", async () => {
    const journal = journalFile();
    const first = await taken(mapped("square", upTo(300), { journal }), 100);
    const second = await mapped("square", upTo(300), { journal }).toArray();
    // The loop was left with result 100: it counts as not done.
    expect(second).toContain(first.at(-1));
    expect([...first.slice(0, -1), ...second].sort((a, b) => a - b)).toEqual(upTo(300).map((n) => n * n));
    expect(await mapped("square", upTo(300), { journal }).toArray()).toEqual([]);
  });

  long(
    "with a key takes inputs in any order, leaves out known ones, and gives the index of each input",
    async () => {
      const journal = { path: journalFile(), keep: true };
      const options = { journal, key: (n: number) => String(n), settled: true } as const;
      const run = async (inputs: number[]) =>
        (await map<number>(inputs, MODULE, { workers: 1, exportName: "square", ...options }).toArray()).map(
          (result) => [result.index, result.status === "fulfilled" ? result.value : undefined],
        );
      expect((await run([2, 2, 3])).sort()).toEqual([
        [0, 4],
        [2, 9],
      ]);
      expect(await run([3, 5, 2])).toEqual([[1, 25]]);
    },
  );

  test("with ordered: true gives the results of each run in the order of the inputs", async () => {
    const options = { journal: journalFile(), ordered: true, concurrency: 20 };
    const first = await taken(mapped("slowly", upTo(60), options), 20);
    const second = await mapped("slowly", upTo(60), options).toArray();
    // The loop was left with a result: it comes once more.
    expect([...first.slice(0, -1), ...second]).toEqual(upTo(60));
  });

  long(
    "with ordered: true gives failures in order, too, and does not wait for a slow input to execute others",
    async () => {
      const file = join(tempFolder(), "uneven.mjs");
      writeFileSync(
        file,
        "export default async (n) => { if (n === 0) await new Promise((done) => setTimeout(done, 2000)); if (n % 10 === 3) throw new Error('three'); return n; };",
      );
      const states: MapProgress[] = [];
      const results = await map<number>(upTo(200), file, {
        workers: 2,
        journal: journalFile(),
        ordered: true,
        settled: true,
        retry: { attempts: 1 },
        onProgress: (state) => void states.push(state),
      }).toArray();
      expect(results.map(({ index }) => index)).toEqual(upTo(200));
      expect(results.filter(({ status }) => status === "rejected")).toHaveLength(20);
      // Nothing is done before the first, and workers hold nothing but the first any more: the others were executed meanwhile.
      expect(states.some(({ completed, inFlight }) => completed === 0 && inFlight === 1)).toBe(true);
    },
  );

  test("that has a wrong value is refused", () => {
    expect(() => mapped("square", [1], { journal: 5 as never })).toThrow(TypeError);
    expect(() => mapped("square", [1], { journal: { paht: "x" } as never })).toThrow(/paht/);
  });

  long("executes an input again whose failure had ended the run, unless retryFailed is false", async () => {
    const folder = tempFolder();
    const file = join(folder, "fragile.mjs");
    const path = join(folder, "map.journal");
    const run = (options: object) =>
      map<number>([1, 2, 3], file, {
        workers: 1,
        retry: { attempts: 1 },
        journal: { path, ...options },
      }).toArray();
    writeFileSync(file, "export default (n) => { if (n === 2) throw new Error('two'); return n; };");
    await expect(run({})).rejects.toThrow(RemoteError);
    writeFileSync(file, "export default (n) => n;");
    expect(await run({ retryFailed: false })).not.toContain(2);
    expect(await run({})).toEqual([2]);
    expect(await run({})).toEqual([]);
  });
});

describe("The key of map()", () => {
  long("that is no string, or throws, ends the loop with an error in the words of map()", async () => {
    const key = (n: number) => n as unknown as string;
    await expect(mapped("square", [1], { key }).toArray()).rejects.toThrow(
      "key() of map() returned a number for input 0 (counted from 0): a key is a string",
    );
    const broken = () => {
      throw new RangeError("no key");
    };
    await expect(mapped("square", [1], { key: broken }).toArray()).rejects.toMatchObject({
      code: "TASK_FAILED",
      message: "key() of map() threw for input 0 (counted from 0): no key",
    });
  });

  test("leaves out repeated inputs, also in order", async () => {
    expect(await mapped("square", [3, 1, 3, 2], { key: (n: number) => String(n) }).toArray()).toEqual([
      9, 1, 4,
    ]);
  });
});

describe("toArray() of map()", () => {
  test("gives all results, null and undefined among them, and throws what a loop throws", async () => {
    expect(await mapped("echo", [null, undefined, 1]).toArray()).toEqual([null, undefined, 1]);
    await expect(mapped("unlucky", [13], { retry: { attempts: 1 } }).toArray()).rejects.toThrow(RemoteError);
  });
});

describe("onProgress of map()", () => {
  test("gets the state at the end, with the total of an array", async () => {
    const states: MapProgress[] = [];
    await mapped("square", upTo(50), { onProgress: (state) => void states.push(state) }).toArray();
    expect(states.at(-1)?.rate).toBeGreaterThan(0);
    expect(states.at(-1)?.timeLeft).toBeUndefined();
    expect(states.at(-1)).toMatchObject({ total: 50, completed: 50, failed: 0, skipped: 0, inFlight: 0 });
    await mapped("square", new Set([1]).values(), {
      onProgress: (state) => void states.push(state),
    }).toArray();
    expect(states.at(-1)).toMatchObject({ total: undefined, completed: 1 });
  });

  test("ends the run with what it throws", async () => {
    const failing = () => {
      throw new Error("no more");
    };
    await expect(mapped("square", upTo(50), { onProgress: failing }).toArray()).rejects.toThrow("no more");
    const later = async () => failing();
    await expect(mapped("square", upTo(50), { onProgress: later }).toArray()).rejects.toThrow("no more");
  });
});
