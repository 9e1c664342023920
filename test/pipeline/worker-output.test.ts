import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type MapOptions, map, Pipeline, TaskType } from "zmqpipeline";
import { LineSplitter, MAX_LINE_LENGTH } from "../../src/executor/line-splitter.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const MODULE = new URL("../fixtures/lively-worker.mjs", import.meta.url);

async function drain(exportName: string, inputs: Iterable<unknown>, options: MapOptions): Promise<unknown[]> {
  const results: unknown[] = [];
  for await (const result of map(inputs, MODULE, { exportName, ...options })) results.push(result);
  return results;
}

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

describe("The output lines of a worker", () => {
  test.each([
    ["a process", { workers: 1 }],
    ["threads", { threads: 2 }],
  ])("of %s all arrive, the last ones too", async (_name, options) => {
    let lines = 0;
    await drain("prints", [1, 2, 3], { ...options, onOutput: () => void lines++ });
    expect(lines).toBe(6000);
  });

  test("in a Pipeline arrive one after the other while onOutput waits", async () => {
    const lines: string[] = [];
    let isBusy = false;
    const pipeline = new Pipeline({
      tasks: [{ taskType: TaskType.register("prints"), items: [{}] }],
      workers: { module: MODULE, exportName: "prints", count: 1 },
      collector: () => {},
      onOutput: async (line, { stream }) => {
        expect(isBusy).toBe(false);
        isBusy = true;
        if (lines.length % 500 === 0) await sleep(5);
        isBusy = false;
        if (stream === "stdout") lines.push(line);
      },
    });
    await pipeline.run().catch(() => {}); // a Pipeline's function returns objects; what it printed counts here
    expect(lines.length % 2000).toBe(0);
    expect(lines.length).toBeGreaterThan(0);
  });

  long.each(["exit", "kill", "error"])("that ends by %s arrive, and are in the failure", async (way) => {
    const lines: string[] = [];
    const results = map([{ way }], MODULE, {
      exportName: "printsAndDies",
      workers: 1,
      settled: true,
      restarts: 5,
      onOutput: (line) => void lines.push(line),
    });
    const [result] = await collect(results);
    const deaths = lines.filter((line) => line === `the last words of ${way}`).length;
    expect(deaths).toBe(3);
    expect(lines.filter((line) => /^\d+ x+$/.test(line))).toHaveLength(3 * 2000);
    expect(result).toMatchObject({ status: "rejected" });
    const { message } = (result as PromiseRejectedResult).reason as Error;
    expect(message).toContain(`the last words of ${way}`);
    expect(message).toMatch(/exit code 9|signal SIGKILL|exit code 1/);
    expect(message.length).toBeLessThan(4000);
  });

  test("without an end come in pieces of bounded length", async () => {
    const lines: string[] = [];
    await drain("longLine", [MAX_LINE_LENGTH * 2 + 7], {
      workers: 1,
      onOutput: (line) => void lines.push(line),
    });
    expect(lines.map(({ length }) => length)).toEqual([MAX_LINE_LENGTH, MAX_LINE_LENGTH, 7]);
  });

  test("whose onOutput throws or rejects are reported once, and the run goes on", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    for (const onOutput of [() => Promise.reject(new Error("no")), thrower]) {
      expect(await drain("prints", [1], { workers: 1, onOutput })).toEqual([1]);
      const told = warn.mock.calls.filter(([text]) => String(text).includes("onOutput failed"));
      expect(told).toHaveLength(1);
      warn.mockClear();
    }
  });

  test("end at their line ends, also when a line end is split between chunks", () => {
    const splitter = new LineSplitter();
    const chunks = ["a\r", "\nb\n", "\r", "c", "\u20ac".slice(0), "d\r\n\ne"].map((text) =>
      Buffer.from(text),
    );
    const lines = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
    expect(lines).toEqual(["a", "b", "", "c\u20acd", "", "e"]);
    const bytes = new LineSplitter();
    const [first = 0, ...rest] = Buffer.from("\u20ac\n");
    expect([...bytes.push(Buffer.of(first)), ...bytes.push(Buffer.from(rest))]).toEqual(["\u20ac"]);
  });
});

describe("A process that outlives its worker", () => {
  test.skipIf(process.platform === "win32")("holds up neither the run nor what was printed", async () => {
    const file = join(tempFolder(), "pids");
    onTestFinished(() => {
      for (const pid of readFileSync(file, "utf8").trim().split("\n")) process.kill(Number(pid), "SIGKILL");
    });
    const lines: string[] = [];
    const begun = performance.now();
    await drain("leavesBehind", [{ file }, { file }], {
      workers: 1,
      onOutput: (line) => void lines.push(line),
    });
    // The background process has the pipe for 20 s.
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(lines).toEqual(["left behind", "left behind"]);
  });
});

function thrower(): never {
  throw new Error("no");
}
