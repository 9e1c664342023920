import { execFile } from "node:child_process";
import { EventEmitter, on } from "node:events";
import { createReadStream, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { map, Pipeline, TaskType } from "zmqpipeline";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const MODULE = new URL("../fixtures/stubborn-worker.mjs", import.meta.url);
const LIBRARY = new URL("../../dist/index.js", import.meta.url).href;
const run = promisify(execFile);

type Inputs = Iterable<unknown> | AsyncIterable<unknown>;

const mapped = (inputs: Inputs, exportName = "same") =>
  map<unknown>(inputs, MODULE, { workers: 1, exportName, onOutput: () => {} });

async function collect(inputs: Inputs): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const result of mapped(inputs)) all.push(result);
  return all;
}

function linesFile(): string {
  const file = join(tempFolder(), "lines.txt");
  writeFileSync(file, "a\nb\nc\nd\ne\n");
  return file;
}

const LINES = ["a", "b", "c", "d", "e"];

describe("Inputs of map() that cannot wait arrive whole:", () => {
  long("lines of readline, also around a generator, of a file handle, and of a standard input", async () => {
    const lines = () => createInterface({ input: createReadStream(linesFile()) });
    expect(await collect(lines())).toEqual(LINES);
    const existing = lines();
    async function* around() {
      for await (const line of existing) yield line;
    }
    expect(await collect(around())).toEqual(LINES);
    const file = await open(linesFile());
    expect(await collect(file.readLines())).toEqual(LINES);
    const program = join(tempFolder(), "program.mjs");
    writeFileSync(
      program,
      `import { map } from ${JSON.stringify(LIBRARY)}; import { createInterface } from "node:readline";
const all = []; const rl = createInterface({ input: process.stdin });
for await (const line of map(rl, new URL(${JSON.stringify(MODULE.href)}), { workers: 1, exportName: "same" })) all.push(line);
console.log(all.join(" "));`,
    );
    const command = `printf 'a\\nb\\nc\\n' | "$0" "$1"`;
    const { stdout } = await run("bash", ["-c", command, process.execPath, program], { timeout: 30_000 });
    expect(stdout).toBe("a b c\n");
  });

  test("lines that a Pipeline's tasks read from an existing readline, also behind another task", async () => {
    const collected: string[] = [];
    const [FIRST, SECOND] = [TaskType.register("lines"), TaskType.register("later-lines")];
    const first = createInterface({ input: createReadStream(linesFile()) });
    const second = createInterface({ input: createReadStream(linesFile()) });
    async function* items() {
      for await (const line of first) yield { line };
    }
    // An emitter with an iterator: what readline and streams are.
    const later = Object.assign(new EventEmitter(), {
      [Symbol.asyncIterator]: () => {
        const iterator = second[Symbol.asyncIterator]();
        return {
          next: async (): Promise<IteratorResult<object>> => {
            const { done, value } = await iterator.next();
            return done
              ? { done: true, value: undefined }
              : { done: false, value: { line: `later ${value}` } };
          },
        };
      },
    });
    const pipeline = new Pipeline({
      tasks: [
        { taskType: FIRST, items },
        { taskType: SECOND, dependencies: [FIRST], items: later },
      ],
      workers: [FIRST, SECOND].map((taskType) => ({
        module: MODULE,
        exportName: "same",
        count: 1,
        taskType,
      })),
      collector: ({ line }: { line: string }) => {
        collected.push(line);
      },
    });
    await pipeline.run();
    expect(collected).toEqual([...LINES, ...LINES.map((line) => `later ${line}`)]);
  });

  long("events, streams of the web, maps and sets, promises among values", async () => {
    const emitter = new EventEmitter();
    const stop = new AbortController();
    const events = on(emitter, "event", { signal: stop.signal });
    emitter.emit("event", 1);
    const results = mapped(events);
    expect((await results.next()).value).toEqual([1]);
    await results.return();
    const chunks = await collect(new Blob(["hello"]).stream());
    expect(Buffer.from(chunks[0] as Uint8Array).toString()).toBe("hello");
    expect(await collect(new Set([1, 2]))).toEqual([1, 2]);
    expect(await collect(new Map([["a", 2]]))).toEqual([["a", 2]]);
    expect(await collect([Promise.resolve(1), 2])).toEqual([1, 2]);
  });

  test("no more than the first is requested before there is a worker", async () => {
    let asked = 0;
    const inputs = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          asked += 1;
          return { done: false, value: asked };
        },
      }),
    };
    const results = mapped(inputs);
    const first = results.next();
    expect(asked).toBe(1);
    await new Promise(setImmediate);
    expect(asked).toBe(1);
    expect(await first).toEqual({ done: false, value: 1 });
    await results.return();
  });
});

describe("The inputs' errors are thrown by the loop over map():", () => {
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error("get");
      },
      has: () => {
        throw new Error("has");
      },
      getPrototypeOf: () => {
        throw new Error("getPrototypeOf");
      },
    },
  );
  const thrown: [string, unknown][] = [
    ["undefined", undefined],
    ["null", null],
    ["0", 0],
    ["text", "text"],
    ["a hostile proxy", hostile],
    ["an error of another realm", runInNewContext("new RangeError('other')")],
  ];

  test.each(thrown)("%s, at once and later, sync and async", async (_name, value) => {
    const atOnce = {
      [Symbol.iterator]: () => ({
        next: () => {
          throw value;
        },
      }),
    };
    async function* later(): AsyncGenerator<number> {
      yield 1;
      throw value;
    }
    for (const inputs of [atOnce, later()]) {
      let caught: { readonly it: unknown } | undefined;
      try {
        await collect(inputs);
      } catch (error) {
        caught = { it: error };
      }
      expect(caught !== undefined && caught.it === value).toBe(true);
    }
  });

  test("the error of a stream that cannot be opened", async () => {
    await expect(collect(createReadStream("/no/such/file"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("return() of the inputs is called where the loop is left, not where the iterator ended or threw by itself", async () => {
    const calls: string[] = [];
    const inputs = (name: string, last: () => IteratorResult<number>) => {
      let count = 0;
      return {
        [Symbol.iterator]: () => ({
          next: () => (count++ < 3 ? { done: false, value: count } : last()),
          return: () => {
            calls.push(name);
            return { done: true as const, value: undefined };
          },
        }),
      };
    };
    await collect(inputs("ended", () => ({ done: true, value: undefined })));
    const threw = inputs("threw", () => {
      throw new Error("mine");
    });
    await expect(collect(threw)).rejects.toThrow("mine");
    for await (const _result of mapped(inputs("left", () => ({ done: false, value: 0 })))) break;
    expect(calls).toEqual(["left"]);
  });

  test("an input that cannot be sent is named by its index", async () => {
    await expect(collect([1, 2, { a: [() => {}] }])).rejects.toThrow(
      /^Input 2 of map\(\): Value at input\.a\[0\] is a function/,
    );
  });
});

describe("map() holds few bytes", () => {
  async function most(inputs: Iterable<unknown>, exportName: string, maxPendingBytes: number) {
    let pulled = 0;
    let taken = 0;
    let ahead = 0;
    function* counted() {
      for (const input of inputs) {
        pulled += 1;
        ahead = Math.max(ahead, pulled - taken);
        yield input;
      }
    }
    const options = { workers: 1, exportName, maxPendingBytes, onOutput: () => {} };
    for await (const _result of map(counted(), MODULE, options)) {
      taken += 1;
      if (taken < 20) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { ahead, taken };
  }
  const MB = 1 << 20;

  long("of results that wait, where the loop is slow", async () => {
    const { ahead, taken } = await most(Array(100).fill(0), "large", 8 * MB);
    expect(taken).toBe(100);
    expect(ahead).toBeLessThan(20);
  });

  long("of results that wait for the first one", async () => {
    const { ahead, taken } = await most(Array.from({ length: 100 }).keys(), "largeAfterTheFirst", 8 * MB);
    expect(taken).toBe(100);
    expect(ahead).toBeLessThan(20);
  });

  test("and still passes an input that is larger than its limit", async () => {
    const inputs = function* () {
      for (let n = 0; n < 30; n++) yield Buffer.alloc(MB);
    };
    expect(await most(inputs(), "sizeOf", 1)).toMatchObject({ taken: 30 });
  });
});
