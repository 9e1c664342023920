import { join } from "node:path";
import { expect, test } from "vitest";
import { type MessageType, Pipeline, type TaskType } from "zmqpipeline";
import { TaskType as OwnTaskType } from "../../src/index.ts";
import { freshEndpoints, tempFolder } from "../support/endpoints.ts";
import type { PipelineEndpoints } from "../support/endpoints-of.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";

const SECOND = OwnTaskType.register("second numbers");

class SecondTask extends NumbersTask {
  override readonly taskType = SECOND;
  override readonly dependencies = [OwnTaskType.register("numbers")];
}

/** Tells when it is initialised. */
class SecondWorker extends NumbersWorker {
  override readonly taskType = SECOND;
  override readonly initAfterDependencies: boolean;
  readonly #init: () => void | Promise<void>;

  constructor(
    endpoints: PipelineEndpoints,
    initAfterDependencies: boolean,
    init: () => void | Promise<void>,
  ) {
    super({ ...endpoints, task: endpoints.second });
    this.initAfterDependencies = initAfterDependencies;
    this.#init = init;
  }

  override initWorker() {
    return this.#init();
  }
}

/** Two tasks, of which the second depends on the first. */
function dependentTasks(endpoints: PipelineEndpoints) {
  const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 10));
  distributor.registerTask(new SecondTask({ ...endpoints, task: endpoints.second }, 10));
  return distributor;
}

test("initWorker() waits for the dependencies of the worker's task with initAfterDependencies", async () => {
  const endpoints = await freshEndpoints("inproc");
  const events: string[] = [];
  class Noting extends NumbersCollector {
    override handleCollection(data: { n: number }, type: TaskType, msgtype: MessageType, info: never) {
      events.push(type.name);
      return super.handleCollection(data, type, msgtype, info);
    }
  }
  // The first task's worker joins when the eager one is initialised: so the first task cannot have begun before.
  let joinFirst = () => {};
  const eager = new Promise<void>((resolve) => {
    joinFirst = resolve;
  });
  const slow = async () => {
    events.push("late");
    await new Promise((resolve) => setTimeout(resolve, 20));
    events.push("initialised");
  };
  const workers = [
    new SecondWorker(endpoints, true, slow),
    new SecondWorker(endpoints, false, () => {
      events.push("eager");
      joinFirst();
    }),
  ];
  const [{ tasks }] = await Promise.all([
    dependentTasks(endpoints).run(),
    new Noting(endpoints).run(),
    ...workers.map((worker) => worker.run()),
    eager.then(() => new NumbersWorker(endpoints).run()),
  ]);
  expect(tasks).toMatchObject({ numbers: { acked: 10 }, "second numbers": { acked: 10, retried: 0 } });
  expect(events.slice(0, 12)).toEqual(["eager", ...Array(10).fill("numbers"), "late"]);
  expect(events).toContain("initialised");
});

test("A worker that cannot be initialised after the dependencies ends with INIT_FAILED, and its items go to others unharmed", async () => {
  const endpoints = await freshEndpoints("inproc");
  const collector = new NumbersCollector(endpoints);
  const failed = new SecondWorker(endpoints, true, () => {
    throw new Error("no model");
  }).run();
  const rejected = expect(failed).rejects.toMatchObject({
    code: "INIT_FAILED",
    message: "initWorker() threw: no model",
  });
  const others = [
    new NumbersWorker(endpoints).run(),
    dependentTasks(endpoints).run(),
    collector.run(),
  ] as const;
  await rejected;
  const second = new SecondWorker(endpoints, true, () => {});
  const [, { tasks }] = await Promise.all([...others, second.run()]);
  expect(tasks).toMatchObject({ "second numbers": { acked: 10, failed: 0, retried: 0 } });
});

test("initAfterDependencies must be true or false", async () => {
  const worker = new SecondWorker(await freshEndpoints("inproc"), "yes" as never, () => {});
  await expect(worker.run()).rejects.toThrow(
    "SecondWorker.initAfterDependencies must be true or false, not a string",
  );
});

const THREADS = new URL("../fixtures/merging-threads.mjs", import.meta.url);
const VALUES = new URL("../fixtures/value-worker.mjs", import.meta.url);

test("initThread() waits for the dependencies, too: each thread finds what they have made", async () => {
  const file = join(tempFolder(), "made");
  const results = new Map<string, unknown>();
  await new Pipeline({
    tasks: [
      { taskType: "made", items: [file] },
      { taskType: "late in threads", items: [1], dependencies: ["made"] },
    ],
    workers: [
      { module: VALUES, exportName: "touch", taskType: "made", count: 1 },
      { module: THREADS, exportName: "LateThreads", count: 1 },
    ],
    metadata: { file },
    collector: (data, { taskType }) => {
      results.set(taskType.name, data);
    },
  }).run();
  expect(results.get("late in threads")).toBe(true);
});

test("With mergeResult, what a thread returns is merged over what the main thread forwarded", async () => {
  const results: unknown[] = [];
  const workers: string[] = [];
  await new Pipeline({
    tasks: [{ taskType: "merging in threads", items: [{ n: 1 }, { n: 2 }, { n: 3 }] }],
    workers: { module: THREADS, exportName: "MergingThreads", count: 1 },
    collector: (data, { id, worker }) => {
      results[Number(id.slice(id.lastIndexOf("/") + 1))] = data;
      workers.push(worker);
    },
  }).run();
  const [workerId = ""] = workers;
  expect(workerId).toMatch(/^merger-/);
  const merged = (n: number) => ({
    n,
    replaced: "in the thread",
    forwarded: workerId,
    workerId,
    square: n * n,
  });
  const forwarded = { n: 2, replaced: "in the main thread", forwarded: workerId };
  expect(results).toEqual([merged(1), forwarded, merged(3)]);
});
