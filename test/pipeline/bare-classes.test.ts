import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { Collector, Pipeline, Task } from "zmqpipeline";
import { zmqpipeline } from "../support/command.ts";
import { long } from "../support/long.ts";

const fixture = (name: string) => new URL(`../fixtures/${name}`, import.meta.url);

class Numbers extends Task<{ n: number }> {
  readonly taskType: string = "bare";
  override *items() {
    for (let n = 1; n <= 3; n++) yield { n };
  }
}

class Sum extends Collector<{ n: number }> {
  sum = 0;
  handleCollection({ n }: { n: number }) {
    this.sum += n;
  }
}

describe("Classes without endpoints", () => {
  test("run in a Pipeline; with one task, the workers need no task type either", async () => {
    const collector = new Sum();
    const workers = { module: fixture("bare-threads.mjs"), count: 1 };
    const { status, tasks } = await new Pipeline({ tasks: [Numbers], workers, collector }).run();
    expect(status).toBe("complete");
    expect(tasks).toMatchObject({ bare: { items: 3, acked: 3 } });
    expect(collector.sum).toBe(-6);
  });

  long("run with the command", async () => {
    const { code, out } = await zmqpipeline(["run", fileURLToPath(fixture("bare-roles.mjs")), "-w", "1"]);
    expect(out).toContain("sum 18\n");
    expect(code).toBe(0);
    const alone = await zmqpipeline(["distributor", fileURLToPath(fixture("bare-roles.mjs"))]);
    expect(alone.err).toContain("Sum.endpoint must be an EndpointAddress: it is missing");
    expect(alone.code).not.toBe(0);
  });
});

long("A function, or a class without a task type, is refused where there are several tasks", async () => {
  class Other extends Numbers {
    override readonly taskType = "bare other";
  }
  const tasks = [Numbers, Other];
  const run = (module: URL, exportName: string) =>
    new Pipeline({ tasks, workers: { module, exportName, count: 1 }, collector: Sum }).run();
  await expect(run(fixture("local-worker.mjs"), "echo")).rejects.toThrow(
    'there are several tasks, so the function needs a taskType: { module, taskType: "NAME" }',
  );
  await expect(run(fixture("bare-threads.mjs"), "Threads")).rejects.toThrow(
    "Threads.taskType must be a TaskType or its name; it is missing",
  );
});
