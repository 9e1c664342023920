import { describe, expect, test } from "vitest";
import { openInThread } from "../../src/executor/threads/threaded-class.ts";
import {
  EndpointAddress,
  type ExecutionInfo,
  MultiThreadedWorker,
  type Payload,
  TaskType,
} from "../../src/index.ts";

/** A worker as each thread has it. */
class Merging extends MultiThreadedWorker {
  override readonly mergeResult: boolean;
  readonly module = import.meta.url;
  readonly taskType = TaskType.register("merging");
  readonly endpoint = new EndpointAddress("inproc://merging");
  readonly collectorEndpoint = new EndpointAddress("inproc://merging-sink");
  readonly #returned: unknown;

  constructor(mergeResult: boolean, returned: unknown) {
    super();
    this.mergeResult = mergeResult;
    this.#returned = returned;
  }

  handleThreadExecution() {
    return this.#returned as Payload;
  }
}

/** What the collector gets of the item `{ a: 1, b: 1 }`. */
async function result(mergeResult: boolean, returned: unknown): Promise<unknown> {
  const { handler } = await new Merging(mergeResult, returned)[openInThread](0, {}, true, "worker");
  return await handler({ a: 1, b: 1 }, {} as ExecutionInfo);
}

describe("A worker with mergeResult", () => {
  test("merges what the thread returns into what was forwarded", async () => {
    expect(await result(true, { b: 2, c: 3 })).toEqual({ a: 1, b: 2, c: 3 });
    expect(await result(true, Promise.resolve({ c: 3 }))).toEqual({ a: 1, b: 1, c: 3 });
  });

  test("sends what was forwarded when the thread returns nothing", async () => {
    expect(await result(true, undefined)).toEqual({ a: 1, b: 1 });
    expect(await result(true, Promise.resolve(null))).toEqual({ a: 1, b: 1 });
  });

  test.each([[[1, 2]], ["text"], [new Date(0)]])("refuses %j, which cannot be merged", async (returned) => {
    await expect(result(true, returned)).rejects.toThrow(/mergeResult.*plain object/);
  });

  test("is off by default: the collector gets what the thread returns", async () => {
    expect(await result(false, { c: 3 })).toEqual({ c: 3 });
    expect(await result(false, undefined)).toBeUndefined();
  });
});
