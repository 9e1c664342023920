import { describe, expect, expectTypeOf, test } from "vitest";
import { type MapOptions, type MapResult, map, type WorkerInput, type WorkerResult } from "zmqpipeline";
import type { MapIterator } from "../../src/pipeline/map-iterator.ts";

// `npm run check:types` checks these types. At run time `map()` starts nothing, because no result is asked for.
const FILE = new URL("./square.ts", import.meta.url);
type Squares = typeof import("./square.ts");
type Yielded<Results> = Results extends AsyncIterable<infer Result> ? Result : never;
type Square = { n: number; square: number };

describe("The results of map() have the type", () => {
  test("that the default export of the file returns", () => {
    const results = map<Squares>([1, 2], FILE);
    expectTypeOf(results).toExtend<AsyncGenerator<Square, void, undefined>>();
    expectTypeOf<Yielded<typeof results>>().toEqualTypeOf<Square>();
    expect(() => map<Squares>([1], FILE)).not.toThrow();
  });

  test("of one function, where its type is given", () => {
    const results = map<typeof import("./square.ts").text>([1, 2], FILE, { exportName: "text" });
    expectTypeOf(results).toExtend<AsyncGenerator<string, void, undefined>>();
  });

  test("of settled results", () => {
    const results = map<Squares>([1], FILE, { settled: true });
    expectTypeOf(results).toExtend<AsyncGenerator<MapResult<Square>, void, undefined>>();
  });

  test("of what programs print, with exec, and unknown with command", () => {
    const each = map([1], { exec: "printf {}" });
    expectTypeOf<Yielded<typeof each>>().toEqualTypeOf<string | Uint8Array>();
    const settled = map([1], { exec: "printf {}", settled: true });
    expectTypeOf<Yielded<typeof settled>>().toEqualTypeOf<MapResult<string | Uint8Array>>();
    const texts = map<string>([1], { exec: "printf {}" });
    expectTypeOf<Yielded<typeof texts>>().toEqualTypeOf<string>();
    const lines = map([1], { command: "cat" });
    expectTypeOf<Yielded<typeof lines>>().toEqualTypeOf<unknown>();
    expect(lines).toBeDefined();
  });

  test("that is given, and unknown where none is", () => {
    expectTypeOf(map<Square>([1], FILE)).toExtend<AsyncGenerator<Square, void, undefined>>();
    expectTypeOf(map<number[]>([1], FILE)).toExtend<AsyncGenerator<number[], void, undefined>>();
    expectTypeOf(map<Date>([1], FILE)).toExtend<AsyncGenerator<Date, void, undefined>>();
    // biome-ignore lint/suspicious/noExplicitAny: a property of any type, and one that may be missing, is no function
    type Loose = { value: any; text?: string };
    expectTypeOf<Yielded<ReturnType<typeof map<Loose>>>>().toEqualTypeOf<Loose>();
    const results = map([1], FILE);
    expectTypeOf<Yielded<typeof results>>().toEqualTypeOf<unknown>();
    const expected: AsyncGenerator<number, void, undefined> = map([1], FILE);
    expect(expected).toBeDefined();
  });
});

test("An iterator over results is one of Node's streams also in the stricter types of Node.js 26", () => {
  expectTypeOf<MapIterator<number>>().toExtend<AsyncIterator<unknown, undefined, unknown>>();
});

describe("The key of map()", () => {
  test("gets what the function takes", () => {
    map<Squares>([1], FILE, { key: (n) => n.toFixed(1) });
    map<(shape: { width: number }) => number>([{ width: 1 }], FILE, {
      settled: true,
      // @ts-expect-error: the function takes no such property
      key: ({ widht }) => `${widht}`,
    });
    // @ts-expect-error: a key is text
    map<Squares>([1], FILE, { key: (n) => n });
  });

  test("gets the inputs where the type of the file is not given", () => {
    map([{ width: 1 }], FILE, { key: ({ width }) => width.toFixed(1) });
    // @ts-expect-error: the inputs have no such property
    map([{ width: 1 }], FILE, { key: ({ widht }) => `${widht}` });
    map<string>([{ width: 1 }], FILE, { key: ({ width }: { width: number }) => `${width}` });
    // @ts-expect-error: nothing is known about the inputs
    map<string>([{ width: 1 }], FILE, { key: ({ width }) => `${width}` });
    const options: MapOptions = { key: (input: { width: number }) => `${input.width}` };
    map([{ width: 1 }], FILE, options);
    expect(options.key).toBeTypeOf("function");
  });
});

describe("The inputs of map()", () => {
  test("must be what the function takes", () => {
    map<Squares>(new Set([1]), FILE);
    map<Squares>([Promise.resolve(1)], FILE);
    // @ts-expect-error: the function takes numbers
    map<Squares>(["one"], FILE);
    // @ts-expect-error: the results have no such property
    const read = async () => (await map<Squares>([1], FILE).next()).value?.sqare;
    expect(read).toBeTypeOf("function");
  });

  test("are anything where the type of the file is not given", () => {
    map(["one", 2, { three: 3 }], FILE);
    expectTypeOf<WorkerInput<unknown>>().toEqualTypeOf<unknown>();
  });
});

describe("WorkerInput and WorkerResult", () => {
  test("look at the default export, or else at the other functions, but at no hooks", () => {
    expectTypeOf<WorkerInput<Squares>>().toEqualTypeOf<number>();
    expectTypeOf<WorkerResult<Squares>>().toEqualTypeOf<Square>();
    type Named = { area(shape: { width: number }): number; initWorker(): void; UNIT: string };
    expectTypeOf<WorkerInput<Named>>().toEqualTypeOf<{ width: number }>();
    expectTypeOf<WorkerResult<Named>>().toEqualTypeOf<number>();
    expectTypeOf<WorkerInput<() => number>>().toEqualTypeOf<unknown>();
  });
});
