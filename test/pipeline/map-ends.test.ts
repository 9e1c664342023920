import { getEventListeners } from "node:events";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, test } from "vitest";
import { map, Pipeline, TaskType } from "zmqpipeline";

const MODULE = new URL("../fixtures/stubborn-worker.mjs", import.meta.url);

const options = (exportName: string) => ({ workers: 1, exportName, onOutput: () => {} });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The first input gives the worker's process id, the second one never ends. */
const stubborn = (exportName: string, more = {}) =>
  map<number>([0, 1], MODULE, { ...options(exportName), ...more });

const kinds = ["waits", "blocks", "listens"];

describe("map() is ended", () => {
  test.each(kinds)("by return() while next() waits for a handler that %s", async (kind) => {
    const results = stubborn(kind);
    const { value: pid } = await results.next();
    const waiting = [results.next(), results.next()];
    const end = results.return();
    expect(await Promise.all(waiting)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    expect(await end).toEqual({ done: true, value: undefined });
    expect(isAlive(Number(pid))).toBe(false);
    expect(await results.next()).toEqual({ done: true, value: undefined });
  });

  test.each(kinds)("by a signal while a handler %s; its listener is gone", async (kind) => {
    const abort = new AbortController();
    const results = stubborn(kind, { signal: abort.signal });
    const { value: pid } = await results.next();
    const waiting = results.next();
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    expect(isAlive(Number(pid))).toBe(false);
    expect(getEventListeners(abort.signal, "abort")).toEqual([]);
  });

  test("by a stream's destroy(), and by the signal of stream.pipeline()", async () => {
    const stream = Readable.from(stubborn("waits"));
    const [pid] = await new Promise<number[]>((resolve) =>
      stream.once("data", (value: number) => resolve([value])),
    );
    const closed = new Promise((resolve) => stream.once("close", resolve));
    stream.destroy();
    await closed;
    expect(isAlive(Number(pid))).toBe(false);

    const abort = new AbortController();
    const abortLater = new Writable({
      objectMode: true,
      write(_value, _encoding, written) {
        setImmediate(() => abort.abort());
        written();
      },
    });
    await expect(pipeline(stubborn("waits"), abortLater, { signal: abort.signal })).rejects.toMatchObject({
      name: "AbortError",
    });
  });

  test("by leaving the loop over a map() of a map(), with all processes of both", async () => {
    const pids: number[] = [];
    for await (const pid of map<number>(stubborn("waits"), MODULE, options("pids"))) {
      pids.push(...[pid].flat());
      break;
    }
    expect(pids.length).toBe(2);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test("before it began, with nothing read and nothing started", async () => {
    let reads = 0;
    const inputs = {
      [Symbol.iterator]: () => {
        reads += 1;
        return [1][Symbol.iterator]();
      },
    };
    const results = map(inputs, MODULE, options("pids"));
    expect(await results.return()).toEqual({ done: true, value: undefined });
    expect(await results.next()).toEqual({ done: true, value: undefined });
    const aborted = map(inputs, MODULE, { signal: AbortSignal.abort(new Error("never")) });
    await expect(aborted.next()).rejects.toThrow("never");
    expect(reads).toBe(0);
  });

  test("by itself: calls of next() in flight are answered in order", async () => {
    const results = map([1, 2, 3], MODULE, options("same"));
    const answers = await Promise.all(Array.from({ length: 5 }, () => results.next()));
    expect(answers.map(({ value }) => value)).toEqual([1, 2, 3, undefined, undefined]);
    expect(answers.map(({ done }) => done)).toEqual([false, false, false, true, true]);
  });
});

describe("A Pipeline is ended", () => {
  const make = (kind: string, began: (pid: number) => void) =>
    new Pipeline({
      tasks: [{ taskType: TaskType.register("stubborn"), items: [{ n: 0 }, { n: 1 }] }],
      workers: { module: MODULE, exportName: `${kind}Item`, count: 1 },
      collector: ({ pid }: { pid: number }) => began(pid),
      onOutput: () => {},
    });

  test.each(["blocks", "waits"])("by its signal, now, while a handler %s", async (kind) => {
    const abort = new AbortController();
    const pids: number[] = [];
    const pipeline = make(kind, (pid) => {
      pids.push(pid);
      abort.abort();
    });
    const summary = await pipeline.run({ signal: abort.signal });
    expect(summary.status).toBe("stopped");
    expect(pids.filter(isAlive)).toEqual([]);
    expect(getEventListeners(abort.signal, "abort")).toEqual([]);
  });

  test("by stop(): what still runs at its deadline is cut off, and a later stop() may be quicker", async () => {
    const pids: number[] = [];
    const pipeline: Pipeline = make("blocks", (pid) => {
      pids.push(pid);
      void pipeline.stop({ timeout: 60_000 });
      void pipeline.stop({ timeout: 0 });
    });
    expect((await pipeline.run()).status).toBe("stopped");
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test("by stop() at once after run(), with nothing started", async () => {
    const pipeline = make("blocks", () => {});
    const run = pipeline.run();
    await pipeline.stop({ timeout: 0 });
    expect(await run).toMatchObject({ status: "stopped", tasks: { stubborn: { items: 0 } } });
  });
});
