import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../support/endpoints.ts";

const run = promisify(execFile);
const LOADER = import.meta.resolve("tsx");

/** Starts an example as its npm script does, against the built library. */
async function example(name: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const folder = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  const file = ["main.ts", "main.mjs"].map((main) => join(folder, main)).find(existsSync) ?? folder;
  return await run(process.execPath, ["--import", LOADER, file, ...args], {
    timeout: 60_000,
    cwd: tempFolder(),
  });
}

test("The example resume goes on with a run whose distributor was killed, and collects and executes everything once", async () => {
  const { stdout } = await example("resume");
  expect(stdout).toContain("half is collected: the distributor was killed");
  expect(stdout).toContain("1000 collected, each once, sum 333833500");
  expect(stdout).toContain("distributor: 1000 acked; the journal is complete");
  const executed = [...stdout.matchAll(/executed (\d+) items/g)].map(([, count]) => Number(count));
  expect(executed.reduce((sum, count) => sum + count, 0)).toBe(1000);
});

test("The example postgres has a row for each item, though the database and the collector were killed", async () => {
  const { stdout } = await example("postgres");
  expect(stdout).toContain(
    "the database was killed, and is there again\nthe collector was killed, and is started again",
  );
  expect(stdout).toContain("distributor: 1499 acked, 1 failed\n");
  expect(stdout).toContain("1499 rows of 1499 numbers, sum 1126125081; 1 failed: 13 is unlucky\n");
});

test("The example sequential prints expected, taken and overhead", async () => {
  const { stdout } = await example("sequential", "20");
  expect(stdout).toMatch(/^20 items: expected 0\.20 s, took \d+\.\d+ s, overhead \d+\.\d+ %\n$/);
});

test("The example singlethread prints a row for 1 and 2 workers, with the baseline beside", async () => {
  const { stdout } = await example("singlethread", "40");
  const [header = "", ...rows] = stdout.trimEnd().split("\n");
  expect(header.trim().split(/\s+/)).toEqual([
    "items",
    "workers",
    "threads",
    "expected",
    "taken",
    "overhead",
    "sequential",
  ]);
  const cells = rows.map((row) => row.trim().split(/\s{2,}/));
  expect(cells.map((row) => row.slice(0, 4))).toEqual([
    ["40", "1", "1", "0.40 s"],
    ["40", "2", "1", "0.20 s"],
  ]);
  for (const row of cells) expect(row.slice(4).join(" ")).toMatch(/^\d+\.\d{3} s -?\d+\.\d\d % \d+\.\d\d %$/);
});

test("The example multithread prints a row for 1 and 2 workers with 10 threads each", async () => {
  const { stdout } = await example("multithread", "100");
  const rows = stdout.trimEnd().split("\n").slice(1);
  expect(
    rows.map((row) =>
      row
        .trim()
        .split(/\s{2,}/)
        .slice(0, 4),
    ),
  ).toEqual([
    ["100", "1", "10", "0.10 s"],
    ["100", "2", "10", "0.05 s"],
  ]);
});

test("The example precompress compresses the files of a folder with 1, 2 and 4 threads, and proves it", async () => {
  const folder = tempFolder();
  mkdirSync(join(folder, "deep"));
  for (let n = 0; n < 20; n++)
    writeFileSync(join(folder, n % 2 ? "deep" : "", `${n}.txt`), "text ".repeat(500 * n + 1));
  writeFileSync(join(folder, "image.png"), "not text");
  const { stdout } = await example("precompress", folder);
  const rows = stdout
    .trimEnd()
    .split("\n")
    .map((row) => row.trim().split(/\s{2,}/));
  expect(rows.slice(1).map(([what, files]) => [what, files])).toEqual([
    ["a loop", "20"],
    ["1 threads", "20"],
    ["2 threads", "20"],
    ["4 threads", "20"],
    ["Every file unpacks to its original.", undefined],
  ]);
});

test("The example dependencies starts the second worker when the first task is collected", async () => {
  const { stdout } = await example("dependencies");
  expect(stdout.trim().split("\n")).toEqual([
    "first task is collected",
    "second worker starts",
    "sum of squares 385, sum of cubes 3025",
  ]);
});

test("The example metadata reaches every role", async () => {
  const { stdout } = await example("metadata");
  expect(stdout.trim().split("\n")).toEqual([
    "task: 5 items",
    "worker: factor 100",
    "collector: 100, 200, 300, 400, 500",
  ]);
});

test("The example service answers in capitals, in order, from both workers, and ends", async () => {
  const { stdout } = await example("service");
  const lines = stdout.trim().split("\n");
  expect(lines[0]).toBe("one → ONE");
  expect(
    lines
      .slice(1, 9)
      .every((line) => /^(.+) → (.+)$/.exec(line)?.[1]?.toUpperCase() === line.split(" → ")[1]),
  ).toBe(true);
  expect(lines.slice(9)).toEqual([
    "answered by workers A and B",
    "a worker's error arrives: RangeError: There is nothing to shout",
    "service: 9 replies, 1 failures",
  ]);
});

test("The example http prints latencies under load, and no request fails when a worker is killed", async () => {
  const { stdout } = await example("http", "1");
  const [header = "", ...rows] = stdout.trimEnd().split("\n");
  expect(header.trim().split(/\s+/)).toEqual(["requests/s", "p50", "p99", "max", "failed"]);
  expect(rows.map((row) => row.slice(0, 34).trim())).toEqual([
    "two workers",
    "one is killed in the middle",
    "another has taken its place",
  ]);
  for (const row of rows) expect(row.slice(34)).toMatch(/^ +\d+ +\d+ ms +\d+ ms +\d+ ms +0$/);
});

test("The example logging writes short lines to the console and verbose ones to the file", async () => {
  const { stdout, stderr } = await example("logging");
  expect(stderr).toContain("INFO zmqpipeline.collector.GreetingCollector: Hello, Ada");
  expect(stderr).toMatch(/ERROR zmqpipeline\.collector: item failed .*considered harmful/);
  expect(stderr).not.toContain("DEBUG");
  expect(stdout).toMatch(/DEBUG \d{4}-\d\d-\d\d [\d:,]+ GreetingTask \d+ 0 next is Ada/);
});

describe("The example wordcount", () => {
  test("counts the files of a folder, shows progress, proves the totals", async () => {
    const folder = tempFolder();
    for (let n = 0; n < 60; n++) {
      mkdirSync(join(folder, `d${n % 7}`), { recursive: true });
      writeFileSync(
        join(folder, `d${n % 7}`, `f${n}.md`),
        "the quick constructor jumps over the lazy proto ".repeat(n + 1),
      );
    }
    writeFileSync(join(folder, "ignored.bin"), "the the the");
    const json = join(tempFolder(), "out.json");
    const { stdout, stderr } = await example("wordcount", folder, json);
    expect(stdout).toContain("Proof: a single process counts the same 7 words, each as often");
    expect(stderr).toMatch(/count \d+\/\d+\+? .*\| {2}\d+ items\/s {2}\| {2}\d workers/);
    expect(stderr).toMatch(/Done in .*: 60 files counted, 11 ranges merged, 0 failed/);
    const result = JSON.parse(readFileSync(json, "utf8"));
    expect(result).toMatchObject({ files: 60, failed: 0, words: 1830 * 8, distinct: 7 });
    expect(result.top[0]).toEqual({ word: "the", count: 1830 * 2 });
  });
});
