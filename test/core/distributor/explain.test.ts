import { describe, expect, test } from "vitest";
import type { DistributorCore } from "../../../src/core/distributor/distributor-core.ts";
import { explainItem } from "../../../src/core/distributor/explain-item.ts";
import { explainTask } from "../../../src/core/distributor/explain-task.ts";
import type { ItemSource } from "../../../src/core/distributor/task-spec.ts";
import type { Ack, Grant } from "../../../src/protocol/batch-message.ts";
import { EMPTY } from "../../../src/protocol/wire/payload-frames.ts";
import { collectorComes, makeCore, RUN, workerComes } from "../../support/distributor-core.ts";

/** A distributor's core with a task and one that waits for it; `time` moves only when it is told to. */
class Scene {
  readonly core: DistributorCore;
  readonly grants: Grant[] = [];
  supply: ReturnType<ItemSource["pull"]>[] = [];
  #now = 0;

  constructor(options: { readonly minWorkers?: number } = {}) {
    const retry = { attempts: 2, backoff: 5000, maxBackoff: 5000 };
    const task = (name: string, dependencies: readonly string[]) => ({
      name,
      dependencies,
      retry,
      timeoutMs: 0,
      source: { pull: () => this.supply.shift() ?? ("wait" as const) },
    });
    this.core = makeCore(
      [task("first", []), task("second", ["first"])],
      { ...options, endTimeoutMs: 1000, maxWindow: 2, windowTimeMs: 100 },
      {
        toWorker: (_connection, message) => {
          if (message.type === "grant") this.grants.push(message);
        },
      },
    );
    this.core.tick(this.#now);
  }

  /** Lets time pass in steps of at most 100 ms, which a clock counts in full. */
  wait(ms: number): void {
    for (const until = this.#now + ms; this.#now < until; ) {
      this.#now += Math.min(100, until - this.#now);
      this.core.tick(this.#now);
    }
  }

  collector(): void {
    collectorComes(this.core);
  }

  worker(id: string, concurrency = 1): void {
    workerComes(this.core, id, "first", concurrency);
  }

  ack(workerId: string, ...seqs: number[]): void {
    const ack: Ack = {
      type: "ack",
      runId: RUN,
      taskType: "first",
      workerId,
      busyMs: 0.001,
      bytes: 1,
      seqs,
      ackSeq: 0,
      ackData: EMPTY,
    };
    this.core.collectorMessage("ack", ack);
  }

  fail(id: string, seq: number, attempt: number): void {
    const error = { name: "RangeError", message: "too small", stack: "", code: "" };
    this.core.workerMessage(id, { type: "fail", runId: RUN, seq, attempt, retryable: true, error });
  }

  item(seq: number) {
    const task = this.core.view.tasks.get("first");
    if (task === undefined) throw new Error("No task");
    return explainItem(this.core.view, task, seq);
  }

  task(name = "first") {
    const task = this.core.view.tasks.get(name);
    if (task === undefined) throw new Error("No task");
    return explainTask(this.core.view, task);
  }
}

const item = Uint8Array.of(1);

/** A task with some items, and the worker "w" that gets them. */
function atWork(items: number, concurrency = 1): Scene {
  const scene = new Scene();
  scene.core.open(EMPTY);
  scene.collector();
  scene.supply = Array.from({ length: items }, () => item);
  scene.worker("w", concurrency);
  return scene;
}

/** A task with nine items, the first of which is collected, so that the window of its worker has grown to two. */
function withOneOver(): Scene {
  const scene = atWork(9);
  scene.ack("w", 0);
  return scene;
}

describe("The explanation of an item", () => {
  test("that is not produced yet, or never will be", () => {
    const scene = new Scene();
    scene.core.open(EMPTY);
    expect(scene.item(0)).toEqual({
      subject: "first/0",
      isDone: false,
      state: "to come",
      reasons: ["The task has not produced it: so far there are 0."],
    });
    scene.collector();
    scene.supply = [item, "done"];
    scene.worker("w");
    scene.ack("w", 0);
    expect(scene.item(1)).toEqual({
      subject: "first/1",
      isDone: false,
      state: "no such item",
      reasons: ["The task has produced 1, and nothing more comes."],
    });
  });

  test("that a worker holds says which worker, since when, which attempt", () => {
    const scene = atWork(1, 4);
    scene.wait(1500);
    expect(scene.item(0)).toMatchObject({ state: "with a worker", attempt: 1, workerId: "w", age: 1500 });
    expect(scene.item(0).reasons).toEqual([
      "Worker w has had it for 1.5 s, attempt 1: it is at work, has 1 item, executes 4 at a time, was heard 1.5 s ago.",
    ]);
    scene.core.collectorDisconnected("data");
    expect(scene.item(0).reasons[1]).toContain("The collector is not connected");
    scene.core.workerDisconnected("w");
    expect(scene.item(0).reasons[0]).toContain("its connection has ended");
  });

  test("that waits behind another one at its worker names that one, and for how long it has run", () => {
    const scene = withOneOver();
    scene.wait(4200);
    expect(scene.item(1)).toMatchObject({ state: "with a worker", workerId: "w" });
    expect(scene.item(1)).not.toHaveProperty("waitsBehind");
    expect(scene.item(2)).toMatchObject({ state: "with a worker", workerId: "w", waitsBehind: ["first/1"] });
    expect(scene.item(2).reasons[0]).toBe("It waits behind first/1, which worker w has executed for 4.2 s.");
    // What is not produced yet waits for the same.
    expect(scene.item(5)).toMatchObject({ state: "to come" });
    expect(scene.item(5).reasons).toEqual([
      "The task has not produced it: so far there are 3.",
      "Worker w has been busy with first/1 for 4.2 s.",
    ]);
    expect(scene.task().reasons).toContain(
      "2 items are with workers. The oldest is item 1: for 4.2 s with w, attempt 1. 1 more item waits behind it.",
    );
  });

  test("that waits behind the item in which its worker's main thread is blocked", () => {
    const scene = withOneOver();
    scene.core.workerMessage("watch", {
      type: "blocked",
      runId: RUN,
      workerId: "w",
      ticket: "",
      running: [{ seq: 1, attempt: 1 }],
      expired: false,
    });
    scene.wait(1000);
    expect(scene.item(2)).toMatchObject({ state: "waiting" });
    expect(scene.item(2).reasons).toEqual([
      "It waits for a worker with room; 1 worker is there.",
      "Worker w has been busy with first/1 for 1.0 s.",
    ]);
  });

  test("that is produced while results arrive all the time waits behind nothing", () => {
    const scene = withOneOver();
    scene.wait(100);
    expect(scene.item(2)).not.toHaveProperty("waitsBehind");
    expect(scene.item(5).reasons).toEqual(["The task has not produced it: so far there are 3."]);
  });

  test("that failed and waits, failed for good, or is collected", () => {
    const scene = atWork(1);
    scene.wait(100);
    scene.fail("w", 0, 1);
    expect(scene.item(0)).toMatchObject({
      state: "waiting",
      attempt: 1,
      reasons: ["It waits 5.0 s before its next attempt.", "It has failed once."],
    });
    expect(scene.task().reasons).toContain("1 item waits before the next attempt.");
    scene.wait(6100);
    expect(scene.item(0)).toMatchObject({ state: "with a worker", attempt: 2 });
    scene.fail("w", 0, 2);
    expect(scene.item(0)).toMatchObject({ state: "failing", isDone: false });
    expect(scene.item(0).reasons[0]).toBe(
      "It has failed for good (RangeError: too small); the collector has yet to confirm that.",
    );
    scene.ack("", 0);
    expect(scene.item(0)).toMatchObject({ state: "failed", isDone: true });
    scene.supply = [item];
    scene.wait(100);
    scene.ack("w", 1);
    expect(scene.item(1)).toMatchObject({ state: "settled", isDone: true });
  });

  test("whose workers die says so", () => {
    const scene = atWork(1);
    scene.core.workerDisconnected("w");
    scene.wait(700);
    expect(scene.item(0)).toMatchObject({ state: "waiting" });
    expect(scene.item(0).reasons).toEqual([
      "It was with a worker that was lost, and goes out alone, to a worker that has nothing else.",
      "1 worker was lost that had this item alone.",
    ]);
    expect(scene.task().reasons).toEqual([
      "It has had no worker for 300 ms.",
      "1 item was with workers that were lost, and will go out alone.",
    ]);
  });
});

describe("The explanation of a task", () => {
  test("names what it waits for, from the beginning to the end", () => {
    const scene = new Scene({ minWorkers: 2 });
    expect(scene.task().reasons[0]).toContain("The distributor is not ready");
    scene.core.open(EMPTY);
    scene.wait(300);
    expect(scene.task().reasons).toEqual([
      "The collector has not been there for 300 ms: nothing is handed out.",
      "It begins when 2 workers are ready; none has connected yet.",
    ]);
    scene.collector();
    scene.worker("w");
    expect(scene.task().reasons).toEqual(["It begins when 2 workers are ready; 1 of 1 is."]);
    scene.worker("v");
    expect(scene.task().reasons).toEqual([
      "2 workers have room (2 idle), and the task no item to give just now.",
    ]);
    scene.supply = [item, item];
    scene.wait(2100);
    expect(scene.task()).toMatchObject({ state: "open", isDone: false });
    expect(scene.task().reasons).toContain(
      "2 items are with workers. The oldest is item 0: for 2.0 s with w, attempt 1.",
    );
    expect(scene.task("second").reasons).toEqual([
      "It waits for task first, which is open: 0 of 2 items are over.",
    ]);
    scene.ack("w", 0, 1);
    scene.supply = ["done"];
    scene.wait(100);
    expect(scene.task()).toEqual({
      subject: "first",
      isDone: true,
      state: "complete",
      reasons: ["It is complete."],
    });
    expect(scene.task("second").reasons[0]).toBe(
      "It begins when 2 workers are ready; none has connected yet.",
    );
  });

  test("whose workers hold all they may, or take no items", () => {
    const scene = atWork(9);
    expect(scene.task().reasons[0]).toContain("more workers would make it faster");
    scene.core.workerDisconnected("w");
    expect(scene.task().reasons[0]).toMatch(
      /^None of its workers takes items \(1\); the first, w: its connection has ended/,
    );
    scene.core.stop(1000);
    expect(scene.task()).toMatchObject({ state: "stopped", isDone: false });
    expect(scene.task().reasons[0]).toBe("The run is being stopped: nothing more is produced.");
  });
});
