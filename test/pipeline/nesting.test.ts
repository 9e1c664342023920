import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { optionsForWorkers } from "../../src/pipeline/node-options.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const LIBRARY = new URL("../../dist/index.js", import.meta.url).href;
const IMPORT = `import { isMain, map, MultiThreadedWorker, EndpointAddress, TaskType } from ${JSON.stringify(LIBRARY)};\n`;
const BOTH = `workers: 1, restarts: 0, retry: { attempts: 1 }, onOutput: () => {}`;

/** Runs a program among processes of its own, which end with it, however many it starts. */
function run(args: readonly string[], input = "", env: NodeJS.ProcessEnv = {}) {
  const alone = process.platform === "linux" ? ["unshare", "--fork", "--pid", "--kill-child"] : [];
  const [program = "", ...rest] = [...alone, process.execPath, ...args];
  return new Promise<{ out: string; err: string }>((resolve) => {
    const options = {
      timeout: 40_000,
      killSignal: "SIGKILL",
      maxBuffer: 1e6,
      env: { ...process.env, ...env },
    } as const;
    const child = execFile(program, rest, options, (_error, out, err) => resolve({ out, err }));
    child.stdin?.end(input);
  });
}

function file(folder: string, name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const square = (folder: string) => file(folder, "square.mjs", "export default (n) => n * n;");
const loop = (module: string) => `for await (const x of map([3], ${module}, { ${BOTH} })) console.log(x);\n`;

describe("A program that is no file", () => {
  const started = [
    ["in --eval", (code: string) => run(["--input-type=module", "--eval", code])],
    ["in --eval=", (code: string) => run(["--input-type=module", `--eval=${code}`])],
    ["on standard input", (code: string) => run(["--input-type=module"], code)],
    [
      "in -e, with options in NODE_OPTIONS as well",
      (code: string) => run(["-e", code], "", { NODE_OPTIONS: "--input-type=module --no-warnings" }),
    ],
  ] as const;
  long.each(started)("starts its workers and not itself: %s", async (_how, start) => {
    const { out, err } = await start(IMPORT + loop(JSON.stringify(square(tempFolder()))));
    expect(err).toBe("");
    expect(out).toBe("9\n");
  });
});

describe("A run that begins in a worker", () => {
  const files: readonly (readonly [string, string])[] = [
    ["of a file that maps itself", `export default (n) => n;\n${loop("import.meta.url")}`],
    [
      "and is caught",
      `export default (n) => n;\ntry { ${loop("import.meta.url")} } catch (e) { console.error(e); }`,
    ],
    [
      "after the module was imported",
      `export default (n) => n;\n(async () => { await new Promise((r) => setTimeout(r, 20)); ${loop("import.meta.url")} })();`,
    ],
  ];
  test.each(files)("is an error that names isMain and the file: %s", async (_how, content) => {
    const path = file(tempFolder(), "itself.mjs", IMPORT + content);
    const { out, err } = await run([path]);
    expect(out).toBe("");
    expect(err).toMatch(/WORKER_FAILED/);
    expect(err).toMatch(/A run began .*itself\.mjs.*isMain/);
  });

  long("may begin in a handler, three deep, and no deeper", async () => {
    const handler = `export default async (n) => { if (n === 0) return "end"; for await (const x of map([n - 1], import.meta.url, { ${BOTH} })) return x; };\n`;
    const main = `if (isMain(import.meta)) for await (const x of map([2, 9], import.meta.url, { ${BOTH}, settled: true })) console.log(x.value ?? x.reason.message);`;
    const { out } = await run([file(tempFolder(), "deep.mjs", IMPORT + handler + main)]);
    expect(out).toMatch(/^end\n.*3 levels deep.*\n$/);
  });

  test("is refused in the threads of a role whose file has no guard", async () => {
    const content = `export class Threads extends MultiThreadedWorker {
      module = import.meta.url; nThreads = 2; taskType = TaskType.register("x");
      endpoint = new EndpointAddress("inproc://a"); collectorEndpoint = new EndpointAddress("inproc://b");
      handleThreadExecution(data) { return data; }
    }
    await new Threads().run();`;
    const { err } = await run([file(tempFolder(), "threads.mjs", IMPORT + content)]);
    expect(err).toMatch(/INIT_FAILED/);
    expect(err).toMatch(/threads\.mjs.*isMain/);
  });
});

test("A worker's channel of fork() is the user's code's: nothing said there is taken for the library's", async () => {
  const words = `process.send({ type: "done", closeErrors: [] }); process.send({ type: "unusable", error: { message: "no" } });`;
  const handler = `process.on("message", (m) => console.log("heard", m));\nexport default (n) => { if (n === 1) { ${words} } if (n === 2) process.disconnect(); return n; };\n`;
  const main = `if (isMain(import.meta)) for await (const x of map([1, 2, 3], import.meta.url, { workers: 1 })) console.log(x);`;
  const { out, err } = await run([file(tempFolder(), "words.mjs", IMPORT + handler + main)]);
  expect(out).toBe("1\n2\n3\n");
  expect(err).toBe("");
});

test("Node's options for workers are those that load modules, limits and settings, in every spelling", () => {
  const own = [
    "--inspect=1",
    "--test",
    "--watch",
    "-pe",
    "1 + 1",
    "--input-type=module",
    "--env-file",
    "x",
    "--future",
  ];
  const passed = [
    "-r",
    "a",
    "--import=b",
    "--experimental_loader",
    "c",
    "-C",
    "dev",
    "--max_old_space_size=64",
    "--no-warnings",
    "--permission",
  ];
  expect(optionsForWorkers([...own, ...passed, "--eval=2"])).toEqual(passed);
});
