import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { map, Pipeline } from "zmqpipeline";
import { ended, startCommand } from "../support/command.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long, longOnLinux } from "../support/long.ts";
import { isAlive } from "../support/orphans.ts";

const PROGRAM = new URL("../fixtures/json-program.mjs", import.meta.url);
const command = [process.execPath, PROGRAM, "1"];
const quiet = { workers: 1, onOutput: () => {} } as const;

describe("Programs as workers", () => {
  test("execute the inputs of map(), in order", async () => {
    const inputs = Array.from({ length: 50 }, (_, n) => ({ do: "echo", n }));
    expect(await map(inputs, { command, ...quiet }).toArray()).toEqual(inputs);
    const texts = await map<string>(["a b", "$(c)"], { exec: "printf %s- {}", ...quiet }).toArray();
    expect(texts).toEqual(["a b-", "$(c)-"]);
  });

  long("fail the item that they fail at, with exit code, signal and output as properties", async () => {
    const inputs = [{ do: "echo" }, { do: "exit", code: 3 }, { do: "garbage" }, { do: "fail" }];
    const results = map(inputs, { command, ...quiet, settled: true, retry: { attempts: 1 } });
    const [echo, exit, garbage, fail] = await results.toArray();
    expect(echo?.status).toBe("fulfilled");
    const causeOf = (result: unknown) => (result as { reason: unknown }).reason;
    expect(causeOf(exit)).toMatchObject({
      remoteCode: "PROGRAM_FAILED",
      exitCode: 3,
      signal: null,
      stderr: "goodbye 3",
    });
    expect(causeOf(garbage)).toMatchObject({ remoteCode: "PROGRAM_FAILED" });
    expect(causeOf(fail)).toMatchObject({
      name: "KeyError",
      message: "no such key",
      stack: "  line 7",
      errno: 5,
    });
  });

  long("serve the tasks of a Pipeline, each its own", async () => {
    const results: unknown[] = [];
    const lines: string[] = [];
    const summary = await new Pipeline({
      tasks: [
        { taskType: "lines", items: [{ do: "echo" }, { do: "exit", code: 2 }], retry: { attempts: 1 } },
        { taskType: "each", items: [{ word: "x y" }] },
      ],
      workers: [
        { command, taskType: "lines", count: 2 },
        { exec: ["echo", "<{word}>"], taskType: "each", count: 1 },
      ],
      collector: (result: unknown) => void results.push(result),
      onFailure: () => {},
      onOutput: (line) => void lines.push(line),
    }).run();
    expect(results).toHaveLength(2);
    expect(results).toEqual(expect.arrayContaining([{ do: "echo" }, "<x y>"]));
    expect(summary.tasks.lines).toMatchObject({ acked: 1, failed: 1 });
    expect(lines).toContain("goodbye 2");
  });

  long(
    "know the metadata of the run, and hear when a run that is cut off needs their items no longer",
    async () => {
      const cancelling = [...command, "cancel"];
      const told: unknown[] = [];
      await new Pipeline({
        tasks: [{ taskType: "lines", items: [{ do: "line" }], timeout: 5000 }],
        workers: { command: cancelling, count: 1 },
        metadata: { model: "small" },
        collector: ({ run }: Record<string, unknown>) => void told.push(run),
      }).run();
      expect(told).toEqual([{ id: expect.any(String), metadata: { model: "small" }, timeout: 5000 }]);
      const abort = new AbortController();
      const lines: string[] = [];
      const onOutput = (line: string) => {
        lines.push(line);
        if (line === "hangs") abort.abort();
      };
      const cut = map([{ do: "hang" }], { command: cancelling, workers: 1, onOutput, signal: abort.signal });
      await expect(cut.toArray()).rejects.toMatchObject({ name: "AbortError" });
      expect(lines).toEqual(["hangs", "cancelled: unwanted"]);
    },
  );

  test("end the run with their last words where none of them works", async () => {
    const missing = map([1], { command: "/no/such/program", ...quiet }).toArray();
    await expect(missing).rejects.toMatchObject({ code: "WORKER_FAILED" });
    await expect(missing).rejects.toThrow('"/no/such/program" cannot be started: there is no such program');
  });

  test.each([
    [{ command: "" }, "must name a program"],
    [{ command: ["a"], exec: ["b"] }, "command and exec"],
    [{ command: ["a", 5] }, "command[1] must be a text"],
    [{ command: "a 'b" }, "not closed"],
    [{ exec: "{path} x" }, "must not say which program"],
    [{ command: "a", threads: 2 }, "threads"],
    [{ exec: "a", concurrency: 2 }, "with exec, workers says it"],
    [{ exec: "a | b" }, "No shell is called, so | has no effect"],
    [{ command: "a", workers: 0 }, "workers"],
    [{ command: "a", worker: 1 }, "did you mean"],
  ])("refuse wrong options: %j", (options, message) => {
    expect(() => map([1], options as never)).toThrow(message);
  });

  test("refuse options of modules in a Pipeline, and a count of 0", () => {
    const pipelineOf = (workers: object) =>
      new Pipeline({
        tasks: [{ taskType: "a", items: [1] }],
        workers: workers as never,
        collector: () => {},
      });
    expect(() => pipelineOf({ command: "a", concurrency: 2 })).toThrow("ready line");
    expect(() => pipelineOf({ command: "a", module: "b.js" })).toThrow("module");
    expect(() => pipelineOf({ command: "a", count: 0 })).toThrow("workers.count");
    expect(() => pipelineOf({ comand: "a" })).toThrow("did you mean");
  });

  longOnLinux("do not outlive a run whose program is killed", async () => {
    const folder = tempFolder();
    const pids = join(folder, "pids");
    writeFileSync(
      join(folder, "run.mjs"),
      `import { map } from "${new URL("../../dist/index.js", import.meta.url).href}";
       await map([1, 2], { exec: ["sh", "-c", "echo $$ >> $0; sleep 60; : {}", ${JSON.stringify(pids)}], workers: 2 }).toArray();`,
    );
    const { spawn } = await import("node:child_process");
    const child = spawn(process.execPath, [join(folder, "run.mjs")], { stdio: "ignore" });
    const started = await vi.waitUntil(
      () => {
        try {
          const all = readFileSync(pids, "utf8").trim().split("\n").map(Number);
          return all.length === 2 ? all : false;
        } catch {
          return false;
        }
      },
      { timeout: 20_000, interval: 50 },
    );
    child.kill("SIGKILL");
    await once(child, "exit");
    await vi.waitUntil(() => started.every((pid) => !isAlive(pid)), { timeout: 20_000, interval: 50 });
  });

  longOnLinux("end with the processes that they started when their worker's process is killed", async () => {
    const pids = join(tempFolder(), "pids");
    const script = 'test -e "$0" && exit; sleep 60 & echo $PPID $$ $! > "$0.new"; mv "$0.new" "$0"; wait';
    const run = map([1], { exec: ["sh", "-c", script, pids], ...quiet }).toArray();
    const [worker = 0, ...programs] = await vi.waitUntil(
      () => existsSync(pids) && readFileSync(pids, "utf8").trim().split(" ").map(Number),
      { timeout: 20_000, interval: 50 },
    );
    expect(programs.map(isAlive)).toEqual([true, true]);
    process.kill(worker, "SIGKILL");
    await vi.waitUntil(() => !programs.some(isAlive), { timeout: 20_000, interval: 50 });
    expect(await run).toEqual([""]);
  });

  long("may not start runs of themselves without end", async () => {
    const folder = tempFolder();
    const file = join(folder, "nested.mjs");
    writeFileSync(
      file,
      `import { map } from "${new URL("../../dist/index.js", import.meta.url).href}";
       const command = [process.execPath, ${JSON.stringify(file)}, "{}"];
       try { console.log(await map([1], { exec: command, workers: 1, retry: { attempts: 1 }, onOutput: () => {} }).toArray()); }
       catch (error) { console.log(String(error.message)); }`,
    );
    const [text] = await map<string>([1], { exec: [process.execPath, file, "{}"], ...quiet }).toArray();
    expect(text).toContain("levels deep");
  });
});

describe("The command with programs", () => {
  long("maps inputs through a program for each, and through one that reads lines", async () => {
    const mapped = async (...args: string[]) => {
      const child = startCommand(
        ["map", "-q", "--workers", "1", "--ordered", ...args],
        ["pipe", "pipe", "pipe"],
      );
      return await ended(child);
    };
    const each = await mapped("--exec", "printf '%s!' {}", "--raw", ":::", "a b", "c");
    expect(each).toMatchObject({ code: 0, out: "a b!\nc!\n" });
    const lines = await mapped("--command", 'sed -u \'s/"data":/"result":/\'', ":::", "x");
    expect(lines).toMatchObject({ code: 0, out: '"x"\n' });
    const sources = ["--exec", "printf %s-%s! {1.} {2}", "--raw", ":::", "a b.c", "d", ":::", "it's"];
    expect(await mapped(...sources)).toMatchObject({ code: 0, out: "a b-it's!\nd-it's!\n" });
    const dry = await mapped("--dry-run", ...sources);
    expect(dry).toMatchObject({
      code: 0,
      out: `printf '%s-%s!' 'a b' 'it'\\''s'\nprintf '%s-%s!' d 'it'\\''s'\n`,
    });
    const unfit = await mapped("--dry-run", "--exec", "echo {name}", ":::", "a");
    expect(unfit).toMatchObject({ code: 3, out: "" });
    expect(unfit.err).toContain("{name} has no value");
  });

  long("joins a run with programs as its workers", async () => {
    const folder = tempFolder();
    writeFileSync(
      join(folder, "roles.mjs"),
      `import { Collector, EndpointAddress, Task } from "${new URL("../../dist/index.js", import.meta.url).href}";
       const at = (name) => new EndpointAddress("ipc://${folder}/" + name);
       export class Echoes extends Task { taskType = "echo"; endpoint = at("w"); *items() { for (let n = 1; n <= 4; n++) yield { do: "echo", n }; } }
       export class Printer extends Collector {
         endpoint = at("c"); ackEndpoint = at("a"); sum = 0;
         handleCollection({ n }) { this.sum += n; console.log("sum", this.sum); }
       }`,
    );
    const program = `'${process.execPath}' '${fileURLToPath(PROGRAM)}' 2`;
    const worker = [
      "--command",
      program,
      "--task",
      "echo",
      "--connect",
      `ipc://${folder}/w`,
      "--collector",
      `ipc://${folder}/c`,
    ];
    const all = await Promise.all(
      [
        ["collector", join(folder, "roles.mjs"), "-q"],
        ["distributor", join(folder, "roles.mjs"), "-q"],
        ["worker", ...worker, "--count", "2"],
      ].map((args) => ended(startCommand(args, ["ignore", "pipe", "pipe"]))),
    );
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(all[0]?.out).toContain("sum 10");
    expect(all[2]?.out).toContain("4 executions");
  });

  long.each([
    [["map"], "name a file, or a program"],
    [["map", "f.mjs", "--exec", "a"], "exclude each other"],
    [["map", "--exec", "a 'b"], "--exec: A quote"],
    [["map", "--exec", "a {} > b"], "--exec: No shell is called, so > has no effect"],
    [["map", "--exec", "a", "--threads", "2"], "--threads is for functions"],
    [["worker", "--command", "a"], "--task NAME"],
    [["worker", "--command", "a", "--task", "t"], "--connect ENDPOINT"],
  ])("refuses %j", async (args, message) => {
    const { code, err } = await ended(startCommand(args, ["ignore", "pipe", "pipe"]));
    expect(err).toContain(message);
    expect(code).toBe(2);
  });
});
