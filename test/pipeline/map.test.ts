import { execFile } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type MapOptions, map, RemoteError } from "zmqpipeline";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const MODULE = new URL("../fixtures/local-worker.mjs", import.meta.url);
const LIBRARY = new URL("../../dist/index.js", import.meta.url).href;
const run = promisify(execFile);

const quiet = { workers: 2, onOutput: () => {} } as const;

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

function* upTo(count: number): Generator<number> {
  for (let n = 0; n < count; n++) yield n;
}

const mapped = (
  exportName: string,
  inputs: Iterable<unknown> | AsyncIterable<unknown>,
  options: MapOptions = {},
) => map<unknown>(inputs, MODULE, { ...quiet, exportName, ...options });

/** Whether a process is there. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith("zqp-local-"));

describe("The results of map()", () => {
  test("come in the order of their inputs", async () => {
    const squares = [...upTo(3000)].map((n) => n * n);
    expect(await collect(mapped("square", upTo(3000)))).toEqual(squares);
    expect((await collect(mapped("slowly", upTo(20), { concurrency: 20 })))[0]).toBe(0);
  });

  test("come as they arrive with ordered: false", async () => {
    const results = await collect(mapped("slowly", upTo(20), { ordered: false, concurrency: 20 }));
    expect(results.at(-1)).toBe(0);
    expect(new Set(results).size).toBe(20);
  });

  test("may be any value that MessagePack can carry", async () => {
    const values = [
      null,
      undefined,
      "text",
      1.5,
      7n,
      new Date(5),
      [1, [2]],
      { a: { b: 1 } },
      Buffer.from("x"),
      true,
    ];
    const [results] = [await collect(mapped("echo", values))];
    expect(results.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value))).toEqual(
      values,
    );
  });

  long("come from as many processes as the options say, or from threads of one", async () => {
    const pids = (options: MapOptions) => collect(mapped("pid", upTo(200), options));
    expect(new Set(await pids({ workers: 1 })).size).toBe(1);
    const inThreads = new Set(await pids({ workers: 1, threads: 2 }));
    expect(inThreads.size).toBe(1);
    expect(inThreads).not.toContain(process.pid);
  });

  test("come for async inputs, and are empty for no input", async () => {
    async function* inputs() {
      for (const n of upTo(5)) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield n;
      }
    }
    expect(await collect(mapped("square", inputs()))).toEqual([0, 1, 4, 9, 16]);
    expect(await collect(mapped("square", []))).toEqual([]);
  });
});

describe("The failures of map()", () => {
  test("are thrown as they were, with the input's index, and end everything", async () => {
    const results: unknown[] = [];
    const failed = (async () => {
      for await (const result of mapped("unlucky", upTo(100_000), { retry: { attempts: 1 } }))
        results.push(result);
    })();
    const error = await failed.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({
      name: "RangeError",
      message: "unlucky",
      code: "ITEM_FAILED",
      remoteCode: "E13",
      index: 13,
    });
    expect(results).toEqual([...upTo(13)]);
  });

  test("are results where the options say so", async () => {
    const options = { ...quiet, exportName: "unlucky", settled: true, retry: { attempts: 2 } } as const;
    const results = await collect(map<number>(upTo(20), MODULE, options));
    expect(results.map(({ index }) => index)).toEqual([...upTo(20)]);
    expect(results[12]).toEqual({ status: "fulfilled", value: 12, index: 12 });
    expect(results[13]).toMatchObject({ status: "rejected", reason: { message: "unlucky", attempts: 2 } });
  });

  test("of the inputs are thrown as they are", async () => {
    function* broken() {
      yield 1;
      throw new TypeError("no more");
    }
    await expect(collect(mapped("square", broken()))).rejects.toThrow(new TypeError("no more"));
  });

  long("of the module are thrown at once", async () => {
    const missing = map([1], new URL("./missing.mjs", import.meta.url), quiet);
    await expect(collect(missing)).rejects.toMatchObject({
      code: "WORKER_FAILED",
      message: /Cannot find module/,
    });
    await expect(collect(map([1], MODULE, quiet))).rejects.toMatchObject({
      code: "WORKER_FAILED",
      message: /exports 2: name one/, // two classes of worker
    });
    await expect(collect(mapped("nothing", [1]))).rejects.toMatchObject({ message: /named "nothing"/ });
  });

  test("of the options are thrown at once", () => {
    expect(() => mapped("square", [], { workers: -1 })).toThrow(RangeError);
    expect(() => mapped("square", [], { maxPending: 0 })).toThrow(RangeError);
    expect(() => map([], 7 as unknown as string)).toThrow(/must be a URL or a path/);
  });

  long("of a worker's process lose no result, until the process fails all the time", async () => {
    const file = join(tempFolder(), "died");
    const inputs = [...upTo(50)].map((n) => (n === 25 ? { n, file } : { n }));
    expect(await collect(mapped("diesOnce", inputs))).toEqual([...upTo(50)]);
    await expect(collect(mapped("dies", upTo(50)))).rejects.toMatchObject({
      remoteCode: "WORKER_LOST", // the input is at fault, as far as anybody can know
      message: /died .* 3 times .*exit code 7/,
    });
    const early = map(upTo(50), new URL("../fixtures/dies-at-once.mjs", import.meta.url), {
      ...quiet,
      restarts: 1,
    });
    await expect(collect(early)).rejects.toMatchObject({
      code: "WORKER_FAILED",
      message: /died 2 times, .*exit code 7/,
    });
    await expect(collect(mapped("leaves", upTo(50), { restarts: 0 }))).rejects.toMatchObject({
      code: "WORKER_FAILED",
      message: /died: exit code 0/, // no good code makes an early end one of the run
    });
  });
});

test("map() pulls no more inputs than it has room for results", async () => {
  let pulled = 0;
  function* inputs() {
    for (;;) yield pulled++;
  }
  const results = mapped("square", inputs(), { maxPending: 50 });
  for (let taken = 1; taken <= 300; taken++) {
    await results.next();
    expect(pulled - taken).toBeLessThanOrEqual(50);
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(pulled).toBeLessThanOrEqual(350);
  await results.return();
});

describe("The end of map()", () => {
  test("comes with the loop: processes and folder are removed, and the inputs are closed", async () => {
    // A folder of its own: other tests make and remove theirs beside it.
    vi.stubEnv("TMPDIR", tempFolder());
    onTestFinished(() => void vi.unstubAllEnvs());
    let isClosed = false;
    let pulled = 0;
    function* inputs() {
      try {
        for (;;) yield pulled++;
      } finally {
        isClosed = true;
      }
    }
    let worker = 0;
    let count = 0;
    for await (const pid of mapped("pid", inputs(), { workers: 1 })) {
      worker = Number(pid);
      if (++count === 10) break;
    }
    expect(isClosed).toBe(true);
    expect(isAlive(worker)).toBe(false);
    expect(folders()).toEqual([]);
  });

  test("comes with a signal, and has the signal's reason", async () => {
    const stop = new AbortController();
    const results = mapped("slowly", upTo(1_000_000), { signal: stop.signal });
    await results.next();
    stop.abort(new Error("enough"));
    await expect(collect(results)).rejects.toThrow("enough");
    await expect(
      collect(mapped("square", [1], { signal: AbortSignal.abort(new Error("never")) })),
    ).rejects.toThrow("never");
  });

  long("lets a program end by itself; its workers end with it when it is killed", async () => {
    const folder = tempFolder();
    const program = (body: string) => {
      const file = join(folder, "program.mjs");
      writeFileSync(
        file,
        `import { map } from ${JSON.stringify(LIBRARY)};\nconst MODULE = new URL(${JSON.stringify(MODULE.href)});\n${body}`,
      );
      return file;
    };
    const sum = program(
      'let sum = 0; for await (const n of map([1, 2, 3], MODULE, { workers: 2, exportName: "square" })) sum += n; console.log(sum);',
    );
    expect((await run(process.execPath, [sum], { timeout: 20_000 })).stdout).toBe("14\n");
    const endless = program(
      'function* all() { for (;;) yield 1; }\nlet told = false; for await (const pid of map(all(), MODULE, { workers: 1, exportName: "pid" })) { if (!told) console.log(pid); told = true; }',
    );
    const child = execFile(process.execPath, [endless], { timeout: 20_000, maxBuffer: 100_000 });
    const [line] = await once(child.stdout ?? child, "data");
    const worker = Number(String(line));
    expect(isAlive(worker)).toBe(true);
    child.kill("SIGKILL");
    await expect.poll(() => isAlive(worker)).toBe(false);
  });
});
