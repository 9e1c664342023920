import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect } from "vitest";
import { createPool, map, Pipeline, TaskType } from "zmqpipeline";
import { zmqpipeline } from "../support/command.ts";
import { tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A package without `"type": "module"`, in which this library and tsx are installed. */
function commonJsPackage(files: Readonly<Record<string, string>>): string {
  const folder = tempFolder();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules", "zmqpipeline"));
  symlinkSync(join(ROOT, "node_modules", "tsx"), join(folder, "node_modules", "tsx"));
  writeFileSync(join(folder, "package.json"), "{}");
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** TypeScript as its own compiler writes it for CommonJS. */
function compiled(source: string): string {
  const { CommonJS } = ts.ModuleKind;
  const compilerOptions = { module: CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true };
  const { outputText } = ts.transpileModule(source, { compilerOptions });
  expect(outputText).toContain("exports.default");
  return outputText;
}

const DOUBLE = "export default function double(n: number): number { return n * 2; }";
const DOUBLED = "export default ({ n }: { n: number }) => ({ n: n * 2 });";

const CLASS = `import { EndpointAddress, SingleThreadedWorker, TaskType } from "zmqpipeline";
export default class Doubler extends SingleThreadedWorker<{ n: number }> {
  readonly taskType = TaskType.register("double");
  readonly endpoint = new EndpointAddress("ipc://work.ipc");
  readonly collectorEndpoint = new EndpointAddress("ipc://results.ipc");
  handleExecution({ n }: { n: number }) { return { n: n * 2 }; }
}`;

/** A pipeline whose worker is in a file beside it. */
const pipelineWith = (worker: string) => `import { join } from "node:path";
import { TaskType } from "zmqpipeline";
let sum = 0;
export default {
  tasks: [{ taskType: TaskType.register("double"), items: [{ n: 1 }, { n: 2 }, { n: 3 }] }],
  workers: { module: join(__dirname, ${JSON.stringify(worker)}), count: 1 },
  collector: ({ n }: { n: number }) => { sum += n; if (sum === 12) console.log("sum", sum); },
};`;

const double = () => join(commonJsPackage({ "double.js": compiled(DOUBLE) }), "double.js");

long("map() runs the default export of a module that TypeScript has compiled to CommonJS", async () => {
  expect(await map([1, 2], double(), { workers: 1 }).toArray()).toEqual([2, 4]);
});

long("map() runs it in threads", async () => {
  expect(await map([1, 2], double(), { threads: 2 }).toArray()).toEqual([2, 4]);
});

long.each([{ workers: 1 }, { threads: 1 }])("createPool() runs it (%j)", async (options) => {
  await using pool = createPool(double(), options);
  expect(await pool.run(4)).toBe(8);
});

long.each([
  ["a function", DOUBLED, 0],
  ["a function, in threads", DOUBLED, 1],
  ["a class", CLASS, 0],
])("A Pipeline runs it: %s", async (_what, source, threads) => {
  const module = join(commonJsPackage({ "worker.js": compiled(source) }), "worker.js");
  const collected: unknown[] = [];
  await new Pipeline({
    tasks: [{ taskType: TaskType.register("double"), items: [{ n: 3 }] }],
    workers: threads === 0 ? { module, count: 1 } : { module, threads },
    collector: (data) => void collected.push(data),
  }).run();
  expect(collected).toEqual([{ n: 6 }]);
});

long("The command map runs it", async () => {
  const { out, err, code } = await zmqpipeline(["map", double(), "--ordered", "--quiet", ":::", "1", "2"]);
  expect({ out, err, code }).toEqual({ out: "2\n4\n", err: "", code: 0 });
});

long.each([
  ["a function", DOUBLED],
  ["a class", CLASS],
])("The command run takes a compiled pipeline file, and a worker: %s", async (_what, source) => {
  const files = { "worker.js": compiled(source), "pipeline.js": compiled(pipelineWith("worker.js")) };
  const { out, err, code } = await zmqpipeline(["run", join(commonJsPackage(files), "pipeline.js")]);
  expect(err).not.toMatch(/zmqpipeline: /);
  expect(out).toContain("sum 12\n");
  expect(code).toBe(0);
});

long.each([
  ["a function", DOUBLED],
  ["a class", CLASS],
])(
  "The command run takes a TypeScript pipeline file of a CommonJS package, and a worker: %s",
  async (_what, source) => {
    const files = { "worker.ts": source, "pipeline.ts": pipelineWith("worker.ts") };
    const { out, err, code } = await zmqpipeline(["run", join(commonJsPackage(files), "pipeline.ts")]);
    expect(err).not.toMatch(/zmqpipeline: /);
    expect(out).toContain("sum 12\n");
    expect(code).toBe(0);
  },
);

long("The command worker takes a TypeScript class of a CommonJS package", async () => {
  const folder = commonJsPackage({ "worker.ts": CLASS.replaceAll("ipc://", "inproc://") });
  const { err } = await zmqpipeline(["worker", join(folder, "worker.ts"), "--connect", "nonsense"]);
  expect(err).toContain('"nonsense"'); // the class was found, and made
});
