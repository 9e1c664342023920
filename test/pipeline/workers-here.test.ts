import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { createPool, type MapOptions, type MapResults, map, Pipeline } from "zmqpipeline";
import { ended, LIBRARY, startProgram } from "../support/command.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const MODULE = new URL("../fixtures/here-worker.mjs", import.meta.url);
const LOCAL = new URL("../fixtures/local-worker.mjs", import.meta.url);

interface Place {
  readonly n: number;
  readonly pid: number;
  readonly isMainThread: boolean;
}

const here = <Result>(exportName: string, inputs: readonly unknown[], options: MapOptions = {}) =>
  map<unknown, unknown>(inputs, MODULE, { workers: 0, exportName, ...options }) as MapResults<Result>;

/** Runs a program in a folder of its own, with the library imported. */
function program(code: string) {
  const file = join(tempFolder(), "itself.mjs");
  writeFileSync(file, `import { isMain, map } from ${JSON.stringify(LIBRARY)};\n${code}`);
  return ended(startProgram([file]));
}

describe("map() with workers: 0", () => {
  test("runs the function in this process, in order", async () => {
    const results = await here<Place>("place", [1, 2, 3]).toArray();
    expect(results).toEqual([1, 2, 3].map((n) => ({ n, pid: process.pid, isMainThread: true })));
  });

  test("runs as many executions at a time as concurrency says", async () => {
    const seen = await here<number>("together", [20, 20, 20], { concurrency: 3 }).toArray();
    expect(Math.max(...seen)).toBe(3);
  });

  test("runs threads of this process", async () => {
    const results = await here<Place>("place", [1, 2, 3, 4], { threads: 2 }).toArray();
    expect(results).toEqual([1, 2, 3, 4].map((n) => ({ n, pid: process.pid, isMainThread: false })));
  });

  test("reports what the function throws with the place in the user's file", async () => {
    await expect(here("unlucky", [1, 13], { retry: { attempts: 1 } }).toArray()).rejects.toMatchObject({
      name: "RangeError",
      message: "unlucky",
      index: 1,
      stack: expect.stringMatching(/at unlucky .*here-worker\.mjs:\d+/),
    });
  });

  test("copies and checks values as worker processes do", async () => {
    const given = { list: [1] };
    const [got] = await map([given], LOCAL, { workers: 0, exportName: "echo" }).toArray();
    expect(got).toEqual(given);
    expect(got).not.toBe(given);
    await expect(map([() => {}], LOCAL, { workers: 0, exportName: "echo" }).toArray()).rejects.toThrow(
      TypeError,
    );
  });

  test("calls the hooks of the file, with each run", async () => {
    const url = new URL("../fixtures/here-hooks.mjs", import.meta.url);
    const { calls } = (await import(url.href)) as { readonly calls: unknown[] };
    await map([1], url, { workers: 0 }).toArray();
    await map([2], url, { workers: 0 }).toArray();
    expect(calls).toEqual(["init", 1, "close", "init", 2, "close"]);
  });

  test("waits for a function that blocks, which no timeout can end", async () => {
    expect(await here<string>("blocks", [350], { timeout: 50 }).toArray()).toEqual(["done"]);
  });

  test("leaves a function behind that does not end, when the loop is left", async () => {
    const controller = new AbortController();
    const waiting = here("hangs", [1], { signal: controller.signal }).toArray();
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await expect(waiting).rejects.toThrow("enough");
  });

  test("aborts the signal of an execution that takes too long", async () => {
    const options = { timeout: 30, retry: { attempts: 1 } };
    await expect(here("listens", [1], options).toArray()).rejects.toMatchObject({
      remoteCode: "EXECUTION_TIMEOUT",
    });
  });

  test("says why the file cannot be used", async () => {
    await expect(here("missing", [1]).toArray()).rejects.toMatchObject({
      code: "WORKER_FAILED",
      message: expect.stringContaining('a function or a worker class named "missing"'),
    });
    const broken = join(tempFolder(), "broken.mjs");
    writeFileSync(broken, "throw new Error('no licence');");
    await expect(map([1], pathToFileURL(broken), { workers: 0 }).toArray()).rejects.toMatchObject({
      code: "WORKER_FAILED",
      message: expect.stringContaining("no licence"),
    });
  });

  test("lets the program start another run while a file is being imported", async () => {
    const slow = join(tempFolder(), "slow.mjs");
    writeFileSync(slow, "await new Promise((r) => setTimeout(r, 100)); export default (n) => n;");
    const first = map([1], pathToFileURL(slow), { workers: 0 }).toArray();
    await sleep(50);
    expect(await Promise.all([first, here<Place>("place", [2]).toArray()])).toMatchObject([[1], [{ n: 2 }]]);
  });

  test("may be nested in handlers, three deep", async () => {
    await expect(here("deeper", [0], { retry: { attempts: 1 } }).toArray()).rejects.toThrow(/3 levels deep/);
  });

  test("refuses inspectWorkers, because there is no worker process", () => {
    expect(() => here("place", [], { inspectWorkers: true })).toThrow(/node --inspect/);
  });
});

describe("A file that maps itself with workers: 0", () => {
  const loop = "for await (const x of map([3], import.meta.url, { workers: 0 })) console.log(x);";
  const square = "export default (n) => n * n;";

  test("gets its results, behind isMain", async () => {
    const { out, err } = await program(`${square}\nif (isMain(import.meta)) ${loop}`);
    expect(err).toBe("");
    expect(out).toBe("9\n");
  });

  long("is refused without isMain", async () => {
    const { code, err } = await program(`${square}\n${loop}`);
    expect(code).toBe(1);
    expect(err).toMatch(/A run began .*itself\.mjs.*isMain/);
  });
});

describe("A program with workers: 0", () => {
  long("prints what its function prints, and ends with what the function ends it with", async () => {
    const { code, out } = await program(
      `export default (n) => { console.log("input", n); process.exit(7); };\nif (isMain(import.meta)) await map([3], import.meta.url, { workers: 0 }).toArray();`,
    );
    expect({ code, out }).toEqual({ code: 7, out: "input 3\n" });
  });
});

describe("A Pipeline with count: 0", () => {
  test("runs classes in this process, beside workers that have one", async () => {
    const pids: number[] = [];
    const doubled: number[] = [];
    const pipeline = new Pipeline({
      tasks: [
        { taskType: "double", items: [{ n: 1 }, { n: 2 }] },
        { taskType: "places", items: [{ n: 3 }] },
      ],
      workers: [
        { module: LOCAL, exportName: "Doubler", count: 0 },
        { module: MODULE, exportName: "place", taskType: "places", count: 1 },
      ],
      metadata: { factor: 10 },
      collector: ({ n, pid }: { n: number; pid?: number }, { taskType }) => {
        if (taskType.name === "double") doubled.push(n);
        else pids.push(pid ?? 0);
      },
    });
    const { tasks } = await pipeline.run();
    expect(tasks).toMatchObject({ double: { acked: 2 }, places: { acked: 1 } });
    expect(doubled.sort()).toEqual([10, 20]);
    expect(pids[0]).not.toBe(process.pid);
  });

  test("fails as with processes when initWorker() throws", async () => {
    const pipeline = new Pipeline({
      tasks: [{ taskType: "double", items: [{ n: 1 }] }],
      workers: { module: LOCAL, exportName: "Unready", count: 0 },
      collector: () => {},
    });
    await expect(pipeline.run()).rejects.toMatchObject({
      code: "WORKER_FAILED",
      message: expect.stringContaining("not ready"),
    });
  });
});

describe("createPool() with workers: 0", () => {
  test("answers in this process, also in its threads, and aborts", async () => {
    const pool = createPool<unknown, Place>(MODULE, { workers: 0, exportName: "place" });
    onTestFinished(() => pool.close({ timeout: 0 }));
    expect(await pool.run(1)).toEqual({ n: 1, pid: process.pid, isMainThread: true });
    expect(await pool.map([2, 3]).toArray()).toMatchObject([{ n: 2 }, { n: 3 }]);
    const threads = createPool<unknown, Place>(MODULE, { workers: 0, threads: 1, exportName: "place" });
    onTestFinished(() => threads.close({ timeout: 0 }));
    expect(await threads.run(4)).toEqual({ n: 4, pid: process.pid, isMainThread: false });
    const waits = createPool<unknown, void>(MODULE, { workers: 0, exportName: "listens" });
    onTestFinished(() => waits.close({ timeout: 0 }));
    await expect(waits.run(1, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      name: "TimeoutError",
    });
  });
});
