import { describe, expect, test } from "vitest";
import type { DistributorCore } from "../../../src/core/distributor/distributor-core.ts";
import { explainItem } from "../../../src/core/distributor/explain-item.ts";
import { unreliableOf } from "../../../src/core/distributor/unreliable-worker.ts";
import { PipelineError } from "../../../src/errors.ts";
import type { Ack } from "../../../src/protocol/batch-message.ts";
import type { Message } from "../../../src/protocol/message.ts";
import { EMPTY } from "../../../src/protocol/wire/payload-frames.ts";
import { collectorComes, makeCore, RUN, workerComes } from "../../support/distributor-core.ts";

/** A distributor's core with one task of `items` items; time moves only when it is told to. */
class Scene {
  readonly core: DistributorCore;
  /** What each worker was sent. */
  readonly sent: { readonly to: string; readonly message: Message }[] = [];
  readonly blamed: string[] = [];
  readonly notes: string[] = [];
  outcome: Error | undefined;
  #now = 0;
  #left: number;

  constructor(items: number, timeout = 0, endTimeoutMs = 100) {
    this.#left = items;
    this.core = makeCore(
      [
        {
          name: "t",
          dependencies: [],
          retry: { attempts: 3, backoff: 100, maxBackoff: 100 },
          timeoutMs: timeout,
          source: { pull: () => (this.#left-- > 0 ? Uint8Array.of(1) : "done") },
        },
      ],
      { peerTimeoutMs: 20_000, endTimeoutMs, maxWindow: 100 },
      {
        toWorker: (to, message) => this.sent.push({ to, message }),
        blamed: (worker, seq) => this.blamed.push(`${worker} ${seq}`),
        over: (_status, error) => {
          this.outcome = error;
        },
        note: (event) => this.notes.push(event),
      },
    );
    this.core.tick(0);
    this.core.open(EMPTY);
    collectorComes(this.core);
  }

  get task() {
    const task = this.core.view.tasks.get("t");
    if (task === undefined) throw new Error("No task");
    return task;
  }

  join(id: string, concurrency = 1): void {
    workerComes(this.core, id, "t", concurrency);
  }

  wait(ms: number): void {
    for (const until = this.#now + ms; this.#now < until; ) {
      this.#now += Math.min(50, until - this.#now);
      this.core.tick(this.#now);
    }
  }

  /** The items that a worker has, in order. */
  of(worker: string): number[] {
    const seqs: number[] = [];
    this.task.items.forEach(({ seq, place }) => {
      if (place.at === "worker" && place.worker.id === worker) seqs.push(seq);
    });
    return seqs;
  }

  ack(workerId: string, seqs: readonly number[], busyMs = 1): void {
    const ack: Ack = {
      type: "ack",
      runId: RUN,
      taskType: "t",
      workerId,
      busyMs,
      bytes: 1,
      seqs,
      ackSeq: 0,
      ackData: EMPTY,
    };
    this.core.collectorMessage("ack", ack);
  }

  fail(worker: string, seq: number): void {
    const attempt = this.task.items.get(seq)?.attempt ?? 0;
    const error = { name: "Error", message: "no GPU", stack: "", code: "", detail: EMPTY };
    this.core.workerMessage(worker, { type: "fail", runId: RUN, seq, attempt, retryable: true, error });
  }

  messages(to: string, type: Message["type"]): Message[] {
    return this.sent
      .filter((each) => each.to === to && each.message.type === type)
      .map(({ message }) => message);
  }
}

describe("An item that failed on a worker", () => {
  test("is not granted to that worker again while another lives, however long the other is busy", () => {
    const scene = new Scene(2);
    scene.join("good");
    scene.join("bad");
    expect([scene.of("good"), scene.of("bad")]).toEqual([[0], [1]]);
    scene.fail("bad", 1);
    scene.wait(60_000);
    expect(scene.of("bad")).toEqual([]);
    expect(explainItem(scene.core.view, scene.task, 1).reasons.join()).toContain(
      "It avoids worker bad, on which it failed",
    );
    scene.ack("good", [0]);
    expect(scene.of("good")).toEqual([1]);
  });

  test("holds up no item behind it", () => {
    const scene = new Scene(3);
    scene.join("good");
    scene.join("bad");
    scene.fail("bad", 1);
    scene.wait(1000);
    expect(scene.of("bad")).toEqual([2]);
  });

  test("is granted to that worker again when no other is left, and fails there for good", () => {
    const scene = new Scene(1);
    scene.join("only");
    for (const _attempt of [1, 2, 3]) {
      expect(scene.of("only")).toEqual([0]);
      scene.fail("only", 0);
      scene.wait(200);
    }
    expect(scene.task.items.get(0)?.place.at).toBe("collector");
  });

  test("is granted to the worker of its oldest failure when it has failed on all", () => {
    const scene = new Scene(1);
    scene.join("a");
    scene.join("b");
    expect(scene.of("a")).toEqual([0]);
    scene.fail("a", 0);
    scene.wait(200);
    expect(scene.of("b")).toEqual([0]);
    scene.fail("b", 0);
    scene.wait(200);
    expect(scene.of("a")).toEqual([0]);
  });
});

test("A worker that only fails gets items one at a time, with pauses, and is named when the items succeed elsewhere", () => {
  const scene = new Scene(100_000);
  scene.join("good");
  scene.join("bad");
  let failures = 0;
  let most = 0;
  for (let step = 0; step < 200; step++) {
    const held = scene.of("bad");
    most = Math.max(most, step > 20 ? held.length : 0);
    for (const seq of held) {
      scene.fail("bad", seq);
      failures += 1;
    }
    scene.ack("good", scene.of("good"));
    scene.wait(50);
  }
  expect(failures).toBeLessThan(20);
  expect(most).toBe(1);
  expect(scene.notes.filter((note) => note === "worker is unreliable")).toHaveLength(1);
  expect(unreliableOf(scene.task)).toMatchObject([
    { id: "bad", taskType: "t", failures, executions: failures },
  ]);
  // It recovers: results in a row make it a worker like the others.
  for (let step = 0; step < 2000 && !scene.notes.includes("worker does well again"); step++) {
    scene.ack("bad", scene.of("bad"));
    scene.ack("good", scene.of("good"));
    scene.wait(50);
  }
  expect(scene.notes).toContain("worker does well again");
});

test("A worker that gets the items on which another has failed before is not to blame for them", () => {
  const scene = new Scene(400);
  scene.join("a");
  scene.join("b");
  const [long] = scene.of("a");
  const isBad = (seq: number) => seq % 10 === 3;
  // While one item keeps `a` busy, all others are executed on `b`, and what fails there waits for `a`.
  const work = (worker: string) => {
    for (const seq of scene.of(worker)) {
      if (seq === long && scene.task.counts.acked < 300) continue;
      if (isBad(seq)) scene.fail(worker, seq);
      else scene.ack(worker, [seq]);
    }
  };
  for (let step = 0; step < 600; step++) {
    work("b");
    work("a");
    scene.wait(10);
    expect([...scene.task.workers].map(({ reliability }) => reliability.isDemoted)).toEqual([false, false]);
  }
  const places: string[] = [];
  scene.task.items.forEach(({ place }) => void places.push(place.at));
  expect([scene.task.counts.acked, places]).toEqual([360, new Array(40).fill("collector")]);
});

describe("An item that waits behind a long item", () => {
  test("is recalled for an idle worker, whatever the mean of the items before", () => {
    const scene = new Scene(3);
    scene.join("a");
    scene.ack("a", [0], 0.001);
    expect(scene.of("a")).toEqual([1, 2]);
    scene.join("b");
    scene.wait(300);
    expect(scene.messages("a", "recall")).toEqual([{ type: "recall", runId: RUN, count: 1 }]);
    scene.core.workerMessage("a", {
      type: "returned",
      runId: RUN,
      leaving: false,
      items: [{ seq: 2, attempt: 1 }],
    });
    expect(scene.of("b")).toEqual([2]);
    // Nothing of it was executed: on this worker it is as new as it was on the other.
    expect(scene.task.items.get(2)?.attempt).toBe(1);
  });

  test("is recalled within a second also when no worker is idle", () => {
    const scene = new Scene(100_000);
    scene.join("long");
    scene.join("short");
    scene.ack("long", scene.of("long"));
    expect(scene.of("long").length).toBeGreaterThan(1);
    for (let step = 0; step < 20; step++) {
      scene.ack("short", scene.of("short"));
      scene.wait(50);
    }
    const waiting = scene.of("long").length - 1;
    expect(scene.messages("long", "recall")).toEqual([{ type: "recall", runId: RUN, count: waiting }]);
  });
});

describe("A worker whose main thread is blocked", () => {
  test("keeps its running items, gives its other items to others at once, and gets nothing until it is heard", () => {
    const scene = new Scene(6);
    scene.join("a");
    scene.ack("a", [0], 0.001);
    const held = scene.of("a");
    expect(held.length).toBeGreaterThan(1);
    const first = held[0] ?? 0;
    scene.core.workerMessage("elsewhere", {
      type: "blocked",
      runId: RUN,
      workerId: "a",
      ticket: "",
      running: [{ seq: first, attempt: 1 }],
      expired: false,
    });
    expect(scene.of("a")).toEqual([first]);
    expect(scene.messages("a", "revoke")).toHaveLength(1);
    scene.join("b");
    expect(scene.of("b").length).toBe(1);
    scene.wait(100_000);
    expect(scene.outcome).toBeUndefined(); // without a timeout it is busy, for as long as it likes
    expect(scene.of("a")).toEqual([first]);
    expect(scene.blamed).toEqual([]);
  });

  test("fails the item that is over its timeout; when no worker is left, the run ends", () => {
    const scene = new Scene(3, 1000);
    for (const id of ["a", "b"]) {
      scene.join(id);
      const [seq = -1] = scene.of(id);
      scene.core.workerMessage("watch", {
        type: "blocked",
        runId: RUN,
        workerId: id,
        ticket: "",
        running: [{ seq, attempt: 1 }],
        expired: true,
      });
    }
    expect(scene.blamed).toEqual(["a 0", "b 1"]);
    expect(scene.notes.filter((note) => note === "item failed")).toHaveLength(2);
    scene.wait(19_000);
    expect(scene.core.view.phase).toBe("running");
    scene.wait(2000);
    expect(scene.outcome?.message).toBe(
      '2 workers of task "t" are connected, but none has answered for 20000 ms: a in item 0, b in item 1',
    );
  });

  test("that is unknown, or reported for another run, changes nothing and is noted", () => {
    const scene = new Scene(1);
    const blocked = { type: "blocked", workerId: "x", ticket: "", running: [], expired: true } as const;
    scene.core.workerMessage("c", { ...blocked, runId: RUN });
    scene.core.workerMessage("c", { ...blocked, runId: "other" });
    expect(scene.notes).toContain("report of an unknown worker dropped");
    expect(scene.notes).toContain("message of another run dropped");
  });
});

test("A worker that is gone after the end of the run was not lost, and its item is not to blame", () => {
  const scene = new Scene(1, 0, 5000);
  scene.join("a");
  expect(scene.of("a")).toEqual([0]);
  scene.core.fail(new PipelineError("TASK_FAILED", "no more"));
  scene.core.workerDisconnected("a");
  scene.wait(1000);
  expect(scene.blamed).toEqual([]);
  expect(scene.notes).not.toContain("worker lost");
  expect(scene.notes).toContain("worker ended with the run");
});
