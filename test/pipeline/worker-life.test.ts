import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { map, Pipeline, TaskType } from "zmqpipeline";
import { RestartPolicy } from "../../src/pipeline/restart-policy.ts";
import type { WorkerEnd } from "../../src/pipeline/worker-process.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long, longOnLinux } from "../support/long.ts";

const MODULE = new URL("../fixtures/lively-worker.mjs", import.meta.url);
const LIBRARY = new URL("../../dist/index.js", import.meta.url).href;
const run = promisify(execFile);
const quiet = { onOutput: () => {} } as const;

/** Set for the workers that the test starts. */
function environment(values: Record<string, string>): void {
  Object.assign(process.env, values);
  onTestFinished(() => {
    for (const name of Object.keys(values)) delete process.env[name];
  });
}

function warnings() {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  return () => warn.mock.calls.map(([text]) => String(text));
}

/** A program of its own, which may run out of what it needs. */
async function program(body: string, prefix: string, env: Record<string, string> = {}) {
  const file = join(tempFolder(), "program.mjs");
  const head = `import { map } from ${JSON.stringify(LIBRARY)};\nconst MODULE = ${JSON.stringify(MODULE.href)};\n`;
  writeFileSync(file, head + body);
  const command = `${prefix} exec "$@"`;
  const args = ["-c", command, "bash", process.execPath, file];
  return await run("bash", args, { timeout: 50_000, env: { ...process.env, ...env }, maxBuffer: 1_000_000 });
}

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

describe("The hook at a worker's end", () => {
  test.each([{ workers: 1 }, { threads: 1 }])("writes what a handler left open (%j)", async (options) => {
    const file = join(tempFolder(), "closed");
    environment({ CLOSED_FILE: file });
    const inputs = [...Array(500).keys()];
    await collect(map(inputs, MODULE, { ...quiet, ...options, exportName: "streams" }));
    const written = readFileSync(file, "utf8").trim().split("\n").map(Number);
    expect(written.sort((a, b) => a - b)).toEqual(inputs);
  });

  test("is called when the loop is left early", async () => {
    const file = join(tempFolder(), "closed");
    environment({ CLOSED_FILE: file });
    const taken: unknown[] = [];
    for await (const n of map(Array(100_000).keys(), MODULE, {
      ...quiet,
      workers: 1,
      exportName: "streams",
    })) {
      if (taken.push(n) === 200) break;
    }
    const written = readFileSync(file, "utf8").trim().split("\n");
    expect(written.length).toBeGreaterThanOrEqual(200);
    expect(written.slice(0, 200)).toEqual(taken.map(String));
  });

  test("that throws is reported, and takes no result away", async () => {
    environment({ CLOSING: "throws" });
    const told = warnings();
    const results = map([1, 2], MODULE, { ...quiet, workers: 1, exportName: "killed" });
    expect(await collect(results)).toEqual([1, 2]);
    expect(told().join("\n")).toContain("closeWorker() threw: the disk is full");
  });
});

describe("A module that loads for long", () => {
  long("is waited for beyond the peerTimeout", async () => {
    environment({ LOADING_MS: "2000" });
    const results: unknown[] = [];
    const pipeline = new Pipeline({
      ...quiet,
      tasks: [{ taskType: TaskType.register("loads"), items: [{ n: 1 }] }],
      workers: { module: MODULE, exportName: "prints", count: 1 },
      collector: (result) => void results.push(result),
      peerTimeout: 500,
    });
    expect(await pipeline.run()).toMatchObject({ status: "complete" });
    expect(results).toEqual([{ n: 1 }]);
  });
});

describe("Inputs that kill their worker", () => {
  long(
    "fail one by one with default options, and say how",
    async () => {
      const inputs = [...Array(40).keys()];
      const options = { ...quiet, workers: 2, settled: true, exportName: "killed" } as const;
      const results = await collect(map<number>(inputs, MODULE, options));
      const rejected = results.filter(({ status }) => status === "rejected") as PromiseRejectedResult[];
      expect(results.map(({ index }) => index)).toEqual(inputs);
      expect(results.flatMap((result) => (result.status === "rejected" ? [result.index] : []))).toEqual([
        5, 15, 25, 35,
      ]);
      expect(rejected.map(({ reason }) => (reason as { remoteCode: string }).remoteCode)).toEqual(
        Array(4).fill("WORKER_LOST"),
      );
      const messages = rejected.map(({ reason }) => (reason as Error).message);
      expect(messages[0]).toMatch(/exit code 3/);
      expect(messages[1]).toMatch(/signal SIGKILL[\s\S]*killed by 15/);
    },
    60_000,
  );

  const end: WorkerEnd = {
    isDone: false,
    isUsable: true,
    hadItem: false,
    isUnstarted: false,
    livedMs: 0,
    reason: "exit code 1",
    printed: "",
    error: undefined,
  };

  test("do not use up a worker's restarts, nor let the wait grow", () => {
    const policy = new RestartPolicy(2);
    const waits = Array.from({ length: 100 }, () => policy.died({ ...end, hadItem: true }, true));
    expect(new Set(waits)).toEqual(new Set([50]));
    expect(policy.died(end, true)).toBe(50);
    expect(policy.died(end, true)).toBe(100);
    policy.worked();
    expect(policy.died(end, true)).toBe(50);
  });

  test("differ from deaths before the first item, which use up the restarts; 0 allows none", () => {
    const policy = new RestartPolicy(2);
    expect([1, 2, 3].map(() => policy.died(end, true))).toEqual([50, 100, undefined]);
    expect(new RestartPolicy(0).died({ ...end, hadItem: true }, true)).toBeUndefined();
  });

  test("have their worker given up when all inputs do so", () => {
    const policy = new RestartPolicy(1);
    const waits = [1, 2, 3, 4, 5].map(() => policy.died({ ...end, hadItem: true }, false));
    expect(waits).toEqual([50, 50, 50, 50, undefined]);
  });
});

describe.skipIf(process.platform !== "linux")("Without file descriptors", () => {
  const HOLD = `
    import { closeSync, openSync } from "node:fs";
    const held = [];
    const hold = (spare) => { try { for (;;) held.push(openSync("/dev/null", "r")); } catch {} for (let n = 0; n < spare; n++) closeSync(held.pop()); };
    const tell = (error) => console.log(error.code, error.cause?.code, error.message);
  `;

  test.each([0, 6, 20])("a run with %i left ends with an error that says so", async (spare) => {
    const body = `${HOLD} hold(${spare}); try { for await (const _ of map([1], MODULE, { workers: 1, exportName: "killed" })); } catch (error) { tell(error); }`;
    const { stdout } = await program(body, "ulimit -n 200;");
    expect(stdout).toMatch(/^BIND_FAILED EMFILE .*ulimit -n/);
  });

  long(
    "a worker is started again later, when some are free again",
    async () => {
      const body = `${HOLD}
      for await (const { status, index } of map([1, 5, 6], MODULE, { workers: 1, exportName: "killed", settled: true, ordered: false, onOutput() {} })) {
        console.log(index, status);
        if (index !== 0) continue;
        hold(0);
        setTimeout(() => { for (const file of held) closeSync(file); }, 1000);
      }`;
      const { stdout, stderr } = await program(body, "ulimit -n 200;");
      expect(stderr).toBe("");
      expect(stdout.trim().split("\n").sort()).toEqual(["0 fulfilled", "1 rejected", "2 fulfilled"]);
    },
    60_000,
  );
});

describe("The folder of a run", () => {
  const body = `try { for await (const n of map([1], MODULE, { workers: 1, exportName: "killed" })) console.log(n); } catch (error) { console.log(error.code, error.message); }`;

  long.each([
    ["is too long for sockets", "x".repeat(100), true],
    ["is missing", "missing", false],
  ])("is elsewhere when TMPDIR %s", async (_what, name, exists) => {
    const folder = join(tempFolder(), name);
    if (exists) mkdirSync(folder);
    expect((await program(body, "", { TMPDIR: folder })).stdout).toBe("1\n");
  });

  longOnLinux("is removed by the next run when its own run was killed", async () => {
    const folder = tempFolder();
    const kill = `for await (const n of map([1], MODULE, { workers: 1, exportName: "killed" })) process.kill(process.pid, "SIGKILL");`;
    await expect(program(kill, "", { TMPDIR: folder })).rejects.toMatchObject({ signal: "SIGKILL" });
    const alive = join(folder, "zqp-local-mine");
    mkdirSync(alive);
    const foreign = join(folder, "zqp-local-foreign");
    mkdirSync(foreign);
    const [left] = readdirSync(folder).filter((name) => !/mine|foreign/.test(name));
    if (left !== undefined) {
      const owner = readFileSync(join(folder, left, "owner.json"), "utf8");
      const identity = JSON.parse(owner) as { pid: number };
      // Another host's process of the same id, and one that lives, but began at another time than is written: only the second is dead.
      writeFileSync(join(foreign, "owner.json"), JSON.stringify({ ...identity, host: "elsewhere" }));
      writeFileSync(join(alive, "owner.json"), JSON.stringify({ ...identity, pid: process.pid }));
    }
    expect((await program(body, "", { TMPDIR: folder })).stdout).toBe("1\n");
    expect(existsSync(foreign)).toBe(true);
    expect(readdirSync(folder).filter((name) => name === left)).toEqual([]);
    if (left !== undefined) expect(existsSync(alive)).toBe(false);
  });
});
