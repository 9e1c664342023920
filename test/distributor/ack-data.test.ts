import { describe, expect, test } from "vitest";
import {
  type AckOrigin,
  type CollectionInfo,
  type MessageType,
  type Payload,
  TaskType,
} from "../../src/index.ts";
import { freshEndpoints } from "../support/endpoints.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";

const LATER = TaskType.register("later numbers");

/** Returns ACK data, and keeps the ids of what it has handled. */
class AckingCollector extends NumbersCollector {
  readonly ids: string[] = [];
  override handleCollection(data: { n: number }, type: TaskType, msgtype: MessageType, info: CollectionInfo) {
    super.handleCollection(data, type, msgtype, info);
    this.ids.push(info.id);
    return { last: data.n, _id: "the collector cannot choose it" };
  }
}

describe("ACK data", () => {
  test("name the item that they are about, and its task type", async () => {
    const endpoints = await freshEndpoints("inproc");
    const received: (Payload & AckOrigin)[] = [];
    class AckedTask extends NumbersTask {
      override handle(...args: Parameters<NumbersTask["handle"]>) {
        received.push(args[3]);
        return super.handle(...args);
      }
    }
    const collector = new AckingCollector(endpoints);
    const distributor = makeDistributor(endpoints, new AckedTask(endpoints, 20), { maxWindow: 1 });
    await Promise.all([distributor.run(), new NumbersWorker(endpoints).run(), collector.run()]);
    expect(received[0]).toEqual({});
    expect(received.slice(1)).toEqual(
      collector.ids.slice(0, 19).map((_id, last) => ({ last, _id, _taskType: "numbers" })),
    );
  });

  test("of any task are there for a gate that asks for them", async () => {
    const endpoints = await freshEndpoints("inproc");
    const seen: [object, object][] = [];
    /** Begins when the other task's item 30 is collected, though it does not depend on the other task's end. */
    class Later extends NumbersTask {
      override readonly taskType = LATER;
      #isOpen = false;
      override isAvailableForHandling(last: Payload & AckOrigin, latest: Payload & AckOrigin) {
        if (this.produced === 0) seen.push([last, latest]);
        this.#isOpen ||= latest._taskType === "numbers" && Number(latest.last) >= 30;
        return this.#isOpen;
      }
    }
    class LaterWorker extends NumbersWorker {
      override readonly taskType = LATER;
    }
    let isLaterBegun = false;
    /** Does not end before the other task has begun. */
    class First extends NumbersTask {
      override isAvailableForHandling() {
        return this.produced < 50 || isLaterBegun;
      }
    }
    const collector = new AckingCollector(endpoints);
    const distributor = makeDistributor(endpoints, new First(endpoints, 60));
    distributor.registerTask(new Later({ ...endpoints, task: endpoints.second }, 5));
    const begins = (data: { n: number }) => {
      isLaterBegun = true;
      return data;
    };
    const workers = [
      new NumbersWorker(endpoints),
      new LaterWorker({ ...endpoints, task: endpoints.second }, begins),
    ];
    const [{ tasks }] = await Promise.all([
      distributor.run(),
      collector.run(),
      ...workers.map((worker) => worker.run()),
    ]);
    expect(tasks).toMatchObject({ numbers: { acked: 60 }, "later numbers": { acked: 5 } });
    expect(seen[0]).toEqual([{}, {}]);
    expect(seen.at(-1)).toEqual([{}, expect.objectContaining({ _taskType: "numbers" })]);
  });

  test.each([
    ["an array", [1, 2], "Expected a plain object or nothing as getAckData(), got an array"],
    ["a text", "text", "Expected a plain object or nothing as getAckData(), got a string"],
    ["a Map", new Map(), "Expected a plain object or nothing as getAckData(), got a Map"],
  ])("cannot be %s: getAckData() is refused by name", async (_, returned, message) => {
    const endpoints = await freshEndpoints("inproc");
    class WrongCollector extends NumbersCollector {
      override getAckData() {
        return returned as never;
      }
    }
    const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, 5));
    const worker = new NumbersWorker(endpoints);
    const others = [distributor.run(), worker.run()];
    await expect(new WrongCollector(endpoints).run()).rejects.toThrow(message);
    await Promise.all([distributor.stop({ timeout: 0 }), worker.stop({ timeout: 0 })]);
    await Promise.all(others);
  });
});

test("A worker's id is the collector's info.worker, begins with its prefix, and is another in each run", async () => {
  class Named extends NumbersWorker {
    override readonly idPrefix: string = "gpu.1";
  }
  const workers: string[] = [];
  class Noting extends NumbersCollector {
    override handleCollection(...args: Parameters<NumbersCollector["handleCollection"]>) {
      workers.push(args[3].worker);
      return super.handleCollection(...args);
    }
  }
  const endpoints = await freshEndpoints("inproc");
  const worker = new Named(endpoints);
  const before = worker.workerId;
  for (const _ of [1, 2]) {
    await Promise.all([
      makeDistributor(endpoints, new NumbersTask(endpoints, 1)).run(),
      worker.run(),
      new Noting(endpoints).run(),
    ]);
  }
  expect(before).toMatch(/^gpu\.1-.+-\d+-[0-9a-f]{8}$/);
  expect(workers).toEqual([before, worker.workerId]);
  expect(workers[0]).not.toBe(workers[1]);
  const wrong = new (class Wrong extends NumbersWorker {
    override readonly idPrefix = "two words";
  })(endpoints);
  await expect(wrong.run()).rejects.toThrow(/^Wrong\.idPrefix "two words" must have at most 64 characters/);
});
