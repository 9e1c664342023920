import { describe, expect, test } from "vitest";
import { type CollectionInfo, MessageType, Pipeline, TaskType } from "zmqpipeline";

const workers = {
  module: new URL("../fixtures/local-worker.mjs", import.meta.url),
  exportName: "echo",
  taskType: "named",
  count: 1,
};
const tasks = [{ taskType: "named", items: [{ n: 1 }] }];

describe("A collector's function", () => {
  test("gets the result and what is known about it, with the task type", async () => {
    const calls: { readonly data: unknown; readonly info: CollectionInfo }[] = [];
    const collector = (data: unknown, info: CollectionInfo) => void calls.push({ data, info });
    const { status } = await new Pipeline({ tasks, workers, collector }).run();
    expect(status).toBe("complete");
    expect(calls).toMatchObject([
      {
        data: { n: 1 },
        info: { taskType: TaskType.register("named"), msgtype: MessageType.DATA, attempt: 1 },
      },
    ]);
  });

  test("of three parameters gets the task type in the middle", async () => {
    const calls: unknown[] = [];
    const collector = (data: { n: number }, taskType: TaskType, info: CollectionInfo) =>
      void calls.push([data, taskType, info.attempt]);
    await new Pipeline({ tasks, workers, collector }).run();
    expect(calls).toEqual([[{ n: 1 }, TaskType.register("named"), 1]]);
  });
});
