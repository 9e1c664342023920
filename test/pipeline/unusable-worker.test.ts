import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { Pipeline, TaskType } from "zmqpipeline";
import { LIBRARY } from "../support/command.ts";
import { tempFolder } from "../support/endpoints.ts";

const T = TaskType.register("unusable");

test.each([
  [
    "export class Bad extends z.SingleThreadedWorker { handle_execution() {} }",
    /Bad\.handle_execution\(\) is called handleExecution\(\)/,
  ],
  [
    "export default class Bare extends z.SingleThreadedWorker {}",
    /Bare must have a method handleExecution\(\)/,
  ],
  [
    "export class Bad extends z.MultiThreadedWorker { module = import.meta.url; n_threads = 2; handleThreadExecution() {} }",
    /n_threads is called nThreads/,
  ],
  ["export default class Foo { handleExecution() {} }", /class Foo must extend SingleThreadedWorker/],
])("A worker process with %s cannot work, and is not started again", async (body, message) => {
  const file = join(tempFolder(), "w.mjs");
  writeFileSync(
    file,
    `import * as z from "${LIBRARY}";
    ${body.replace("Worker {", 'Worker { taskType = z.TaskType.register("unusable");')}`,
  );
  const pipeline = new Pipeline({
    tasks: [{ taskType: T, items: [{ n: 1 }] }],
    workers: { module: pathToFileURL(file), count: 1 },
    collector: () => {},
  });
  await expect(pipeline.run()).rejects.toMatchObject({ code: "WORKER_FAILED", message });
});

test("A collector of a Pipeline without its method is refused before anything is started", () => {
  const make = (collector: unknown) =>
    new Pipeline({
      tasks: [{ taskType: T, items: [] }],
      workers: { module: "./none.mjs" },
      collector: collector as never,
    });
  expect(() => make(class Foo {})).toThrow("collector: class Foo must extend Collector");
});
