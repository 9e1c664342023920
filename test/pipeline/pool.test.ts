import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createPool, type Pool, type PoolOptions } from "zmqpipeline";
import { tempFolder } from "../support/endpoints.ts";

const MODULE = new URL("../fixtures/pool-worker.mjs", import.meta.url);

function poolOf<Input, Result>(exportName: string, options: PoolOptions = {}): Pool<Input, Result> {
  const pool = createPool<Input, Result>(MODULE, { workers: 1, onOutput: () => {}, exportName, ...options });
  onTestFinished(() => pool.close({ timeout: 0 }));
  return pool;
}

/** The folders for sockets that this process has made. */
const ownFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith("zqp-local-") && isOwn(name));

function isOwn(folder: string): boolean {
  try {
    return JSON.parse(readFileSync(join(tmpdir(), folder, "owner.json"), "utf8")).pid === process.pid;
  } catch {
    return false; // another process is making or removing it
  }
}

const until = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 30_000, interval: 5 });

describe("A pool", () => {
  test("runs single inputs and lists, keeps errors, and leaves nothing behind", async () => {
    const pool = poolOf<number, number>("unlucky", { workers: 2 });
    expect(await Promise.all([pool.run(1), pool.run(2)])).toEqual([1, 2]);
    await expect(pool.run(13)).rejects.toMatchObject({
      name: "RangeError",
      message: "unlucky",
      code: "REQUEST_FAILED",
      remoteCode: "E13",
    });
    const inputs = Array.from({ length: 3000 }, (_, n) => n + 14);
    expect(await pool.map(inputs).toArray()).toEqual(inputs);
    await expect(pool.map([1, 13]).toArray()).rejects.toMatchObject({ index: 1, message: "unlucky" });
    const settled = await pool.map([1, 13], { settled: true }).toArray();
    expect(settled.map(({ status, index }) => [status, index])).toEqual([
      ["fulfilled", 0],
      ["rejected", 1],
    ]);
    await pool.close();
    await expect(pool.run(1)).rejects.toMatchObject({ code: "CLIENT_STOPPED" });
    expect(ownFolders()).toEqual([]);
  });

  test("runs in threads, and takes any plain value", async () => {
    const pool = poolOf<unknown, unknown>("echo", { threads: 2 });
    for (const value of [null, undefined, "text", [1, [2]], 7n, new Date(5)])
      expect(await pool.run(value)).toEqual(value);
  });

  test("gives the input with the highest priority to the next free worker", async () => {
    const file = join(tempFolder(), "go");
    const pool = poolOf<{ name: string; file?: string }, string[]>("ordered");
    const first = pool.run({ name: "first", file });
    const low = pool.run({ name: "low" }, { priority: -1 });
    const normal = pool.run({ name: "normal" });
    const high = pool.run({ name: "high" }, { priority: 5 });
    writeFileSync(file, "");
    await Promise.all([first, normal, high]);
    expect(await low).toEqual(["first", "high", "normal", "low"]);
  });

  test("aborts an input by its signal and by its timeout, also one that waits", async () => {
    const folder = tempFolder();
    const files = (name: string) => ({ began: join(folder, `${name}-1`), ended: join(folder, `${name}-2`) });
    const pool = poolOf<{ began: string; ended: string }, void>("waits");
    const controller = new AbortController();
    const running = pool.run(files("a"), { signal: controller.signal });
    const waiting = pool.run(files("b"), { timeout: 20 });
    await expect(waiting).rejects.toMatchObject({ code: "REQUEST_TIMEOUT" });
    await until(() => existsSync(files("a").began));
    controller.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    await until(() => existsSync(files("a").ended));
    expect(existsSync(files("b").began)).toBe(false);
  });

  test("executes the input of a worker that died again, in a new process", async () => {
    const file = join(tempFolder(), "died");
    expect(await poolOf<{ file: string }, number>("dies").run({ file })).toBeGreaterThan(0);
  });

  test("whose file cannot be used fails every input with the reason", async () => {
    const pool = poolOf<number, number>("nothing");
    await expect(pool.run(1)).rejects.toMatchObject({ code: "WORKER_FAILED" });
    await expect(pool.run(1)).rejects.toThrow(/named "nothing"/);
  });

  test("refuses wrong options by name", async () => {
    expect(() => createPool(MODULE, { worker: 2 } as never)).toThrow(/worker/);
    expect(() => createPool(5 as never)).toThrow(TypeError);
    const pool = poolOf<number, number>("square");
    await expect(pool.run(1, { prio: 1 } as never)).rejects.toThrow(/prio/);
    await expect(pool.run(1, { timeout: -1 })).rejects.toThrow(RangeError);
    await expect(pool.run(1, { signal: AbortSignal.abort("no") })).rejects.toBe("no");
  });

  test("ends its loop with the signal, and closes the inputs where the loop is left", async () => {
    const pool = poolOf<number, number>("square");
    let isClosed = false;
    function* endless() {
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        isClosed = true;
      }
    }
    for await (const result of pool.map(endless(), { maxPending: 4 })) if (result > 100) break;
    expect(isClosed).toBe(true);
    const controller = new AbortController();
    const loop = pool.map(endless(), { signal: controller.signal, maxPending: 4 });
    await loop.next();
    controller.abort(new Error("stop"));
    await expect(loop.next()).rejects.toThrow("stop");
  });
});
