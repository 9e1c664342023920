import { isDeepStrictEqual } from "node:util";
import vm from "node:vm";
import { expect, test } from "vitest";
import { map } from "zmqpipeline";

const ECHO = new URL("../fixtures/local-worker.mjs", import.meta.url);

async function echoed(inputs: readonly unknown[], where: object = { workers: 1 }): Promise<unknown[]> {
  const results: unknown[] = [];
  for await (const result of map(inputs, ECHO, { ...where, exportName: "echo" })) results.push(result);
  return results;
}

const values = [
  "hi \ud83d",
  { "\ud83d": -0 },
  -0,
  // biome-ignore lint/suspicious/noSparseArray: a sparse array is what is tested
  [1, , 3],
  Object.assign(Object.create(null), { a: undefined }),
  { constructor: 1, toJSON: 2 },
  undefined,
  Number.NaN,
  2n ** 70n,
  new Date(Number.MIN_VALUE),
  new BigInt64Array([5n]),
];

test.each([
  ["a process", { workers: 1 }],
  ["a thread", { threads: 1 }],
])("Unusual values go through map() and back as they were, in %s", async (_where, options) => {
  const results = await echoed(values, options);
  expect(results.map((result, index) => isDeepStrictEqual(result, values[index]))).toEqual(
    values.map(() => true),
  );
});

test("Dates and typed arrays of another realm go through map()", async () => {
  const there = vm.runInNewContext("[new Date(7), Float32Array.of(1.5)]");
  expect(isDeepStrictEqual(await echoed(there), [new Date(7), Float32Array.of(1.5)])).toBe(true);
});

test("An input that cannot be sent is named by its index and its path", async () => {
  const inputs = [1, { rows: [{ when: new Map() }] }, 3];
  await expect(echoed(inputs)).rejects.toMatchObject({
    name: "TypeError",
    index: 1,
    message: expect.stringContaining("Input 1 of map(): Value at input.rows[0].when is a Map"),
  });
  async function* later() {
    yield 1;
    yield () => {};
  }
  const results = map(later(), ECHO, { workers: 1, exportName: "echo" });
  await expect(results.next().then(() => results.next())).rejects.toMatchObject({ index: 1 });
});
