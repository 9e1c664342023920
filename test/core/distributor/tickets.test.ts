import { describe, expect, test } from "vitest";
import type { DistributorCore } from "../../../src/core/distributor/distributor-core.ts";
import type { TaskSpec } from "../../../src/core/distributor/task-spec.ts";
import type { Assigned, Hello, ItemRef } from "../../../src/protocol/batch-message.ts";
import type { DistributorToCollector, DistributorToWorker } from "../../../src/protocol/message.ts";
import { EMPTY } from "../../../src/protocol/wire/payload-frames.ts";
import { collectorComes, makeCore, RUN, workerComes } from "../../support/distributor-core.ts";

/** A distributor's core with one task of four items, of which a worker gets two at a time. */
class Scene {
  readonly core: DistributorCore;
  /** What has left the core, in order. */
  readonly sent: string[] = [];
  readonly #toWorkers: { readonly connection: string; readonly message: DistributorToWorker }[] = [];
  readonly #toCollector: DistributorToCollector[] = [];
  #tickets = 0;
  #left = 4;
  #now = 0;

  /** @param restored - What the journal of an earlier start has. */
  constructor(trust: "any" | "assigned", restored?: TaskSpec["restored"]) {
    const task: TaskSpec = {
      name: "task",
      dependencies: [],
      retry: { attempts: 3, backoff: 1, maxBackoff: 1 },
      timeoutMs: 0,
      source: { pull: () => (this.#left-- > 0 ? Uint8Array.of(1) : "done") },
      restored,
    };
    this.core = makeCore(
      [task],
      { trust, newTicket: () => `ticket ${this.#tickets++}`, maxWindow: 2, windowTimeMs: 100 },
      {
        toWorker: (connection, message) => {
          this.#toWorkers.push({ connection, message });
          if (message.type === "grant" && message.items.length > 0) this.sent.push(`grant to ${connection}`);
        },
        toCollector: (message) => {
          this.#toCollector.push(message);
          if (message.type === "assigned") this.sent.push(`assigned ${message.seqs} to ${message.ticket}`);
        },
      },
    );
    this.core.tick(0);
    this.core.open(EMPTY);
    collectorComes(this.core);
  }

  hello(connection: string, facts: Partial<Hello> = {}): void {
    const ids = { peerId: connection, taskType: "task", ticket: "", held: [] };
    this.core.workerMessage(connection, { type: "hello", runId: "", role: "worker", ...ids, ...facts });
  }

  ready(connection: string): void {
    this.core.workerMessage(connection, { type: "ready", runId: RUN, concurrency: 2 });
  }

  /** A worker comes back on another connection. */
  again(connection: string, peerId: string, ticket: string, ...seqs: number[]): void {
    this.hello(connection, { runId: RUN, peerId, ticket, held: refs(seqs) });
  }

  wait(ms: number): void {
    for (const end = this.#now + ms; this.#now < end; ) {
      this.#now += 100;
      this.core.tick(this.#now);
    }
  }

  /** The messages of one kind that a connection has got. */
  got<T extends DistributorToWorker["type"]>(connection: string, type: T) {
    return this.#toWorkers
      .filter((sent) => sent.connection === connection)
      .map(({ message }) => message as Extract<DistributorToWorker, { type: T }>)
      .filter((message) => message.type === type);
  }

  told<T extends DistributorToCollector["type"]>(type: T) {
    return this.#toCollector
      .map((message) => message as Extract<DistributorToCollector, { type: T }>)
      .filter((message) => message.type === type);
  }

  /** The items that a worker holds by the ledger. */
  heldBy(worker: string): number[] {
    const held: number[] = [];
    for (const task of this.core.tasks)
      task.items.forEach(({ seq, place }) => {
        if (place.at === "worker" && place.worker.id === worker) held.push(seq);
      });
    return held;
  }
}

const refs = (seqs: readonly number[]): ItemRef[] => seqs.map((seq) => ({ seq, attempt: 1 }));

/** A scene in which worker "w" holds items 0 and 1, and its ticket. */
function withWorker(trust: "any" | "assigned" = "assigned") {
  const scene = new Scene(trust);
  scene.hello("w");
  scene.ready("w");
  const ticket = scene.got("w", "welcome")[0]?.ticket ?? "";
  return { scene, ticket };
}

describe("A distributor with trust in the workers that items were given to", () => {
  test("tells the collector of the trust, and of the items ahead of their grant instead of all that exist", () => {
    const { scene } = withWorker();
    expect(scene.told("open").map(({ trust }) => trust)).toContain("assigned");
    expect(scene.sent).toEqual(["assigned 0,1 to ticket 0", "grant to w"]);
    const expected: Partial<Assigned> = { runId: RUN, taskType: "task", workerId: "w" };
    expect(scene.told("assigned")).toEqual([expect.objectContaining(expected)]);
    scene.wait(100);
    expect(scene.told("produced")).toEqual([]);
  });

  test("tells a collector that was started again of all that is out, and of what was until its worker was lost", () => {
    const { scene } = withWorker();
    scene.core.workerDisconnected("w");
    scene.hello("v");
    scene.core.collectorDisconnected("data");
    scene.core.collectorDisconnected("ack");
    scene.wait(600);
    scene.sent.length = 0;
    collectorComes(scene.core);
    expect(scene.sent).toContain("assigned 0,1 to ticket 0");
  });

  test("gives a worker that shows its ticket what it had, on another connection", () => {
    const { scene, ticket } = withWorker();
    scene.again("w2", "w", ticket, 0, 1);
    expect(scene.got("w2", "welcome").map((welcome) => welcome.ticket)).toEqual([ticket]);
    expect(scene.heldBy("w")).toEqual([0, 1]);
  });

  test("gives a worker what it had, also where it was forgotten meanwhile", () => {
    const { scene, ticket } = withWorker();
    scene.core.workerDisconnected("w");
    scene.wait(600);
    expect(scene.core.fleet.size).toBe(0);
    scene.again("w2", "w", ticket, 0, 1);
    expect(scene.got("w2", "welcome").map((welcome) => welcome.ticket)).toEqual([ticket]);
    expect(scene.heldBy("w")).toEqual([0, 1]);
  });

  test.each(["", "guessed"])(
    "does not answer a peer that says a worker's id and shows %j until that worker is gone",
    (shown) => {
      const { scene } = withWorker();
      scene.again("x", "w", shown, 0, 1);
      expect(scene.got("x", "welcome")).toEqual([]);
      expect(scene.heldBy("w")).toEqual([0, 1]);
      scene.core.workerMessage("x", { type: "bye", runId: RUN });
      expect(scene.heldBy("w")).toEqual([0, 1]);
      scene.core.workerDisconnected("w");
      scene.again("x", "w", shown, 0, 1);
      expect(scene.got("x", "welcome")).toEqual([]);
      scene.wait(600);
      scene.again("x", "w", shown, 0, 1);
      // It is a worker of its own now, and has nothing.
      expect(scene.got("x", "welcome")).toHaveLength(1);
      expect(scene.heldBy("w")).toEqual([]);
      expect(scene.got("x", "revoke").flatMap(({ items }) => items)).toEqual(
        shown === "" ? [] : refs([0, 1]),
      );
    },
  );

  test("answers a worker that says hello again on its connection before its ticket has arrived", () => {
    const { scene } = withWorker();
    scene.hello("v");
    scene.hello("v");
    const tickets = scene.got("v", "welcome").map(({ ticket }) => ticket);
    expect(tickets).toEqual(["ticket 1", "ticket 1"]);
  });

  test("does not believe a worker that claims what another one had", () => {
    const { scene } = withWorker();
    scene.core.workerDisconnected("w");
    scene.wait(600);
    scene.hello("v");
    const [{ ticket = "" } = {}] = scene.got("v", "welcome");
    scene.again("v2", "v", ticket, 0, 1);
    expect(scene.heldBy("v")).toEqual([]);
    expect(scene.got("v2", "revoke").flatMap(({ items }) => items)).toEqual(refs([0, 1]));
  });

  test("that was started again with its journal does not know who had what, and executes that again", () => {
    const history = { attempt: 1, failedAttempt: 0, failures: 0, losses: 0 };
    const pending = [0, 1].map((seq) => ({ seq, payload: Uint8Array.of(1), ...history }));
    const counts = { items: 2, acked: 0, failed: 0, retried: 0, skipped: 0 };
    const restored = { counts, nextSeq: 2, hasBegun: true, exhausted: true, pending };
    for (const [trust, held] of [
      ["any", [0, 1]],
      ["assigned", []],
    ] as const) {
      const scene = new Scene(trust, restored);
      scene.again("w", "w", "ticket of before", 0, 1);
      expect(scene.heldBy("w")).toEqual(held);
      // The collector may know the worker by it.
      expect(scene.got("w", "welcome").map(({ ticket }) => ticket)).toEqual(["ticket of before"]);
      scene.ready("w");
      scene.wait(1100);
      expect(scene.heldBy("w")).toEqual([0, 1]);
    }
  });

  test("takes no report that a worker is blocked from a peer that does not show the ticket", () => {
    const { scene, ticket } = withWorker();
    const blocked = {
      type: "blocked",
      runId: RUN,
      workerId: "w",
      running: refs([0]),
      expired: false,
    } as const;
    scene.core.workerMessage("x", { ...blocked, ticket: "guessed" });
    expect(scene.heldBy("w")).toEqual([0, 1]);
    scene.core.workerMessage("watch", { ...blocked, ticket });
    expect(scene.heldBy("w")).toEqual([0]);
  });
});

test("An ACK of one task's items that names another task's worker gives that worker nothing, and takes nothing from it", () => {
  const granted: string[] = [];
  const task = (name: string): TaskSpec => ({
    name,
    dependencies: [],
    retry: { attempts: 3, backoff: 1, maxBackoff: 1 },
    timeoutMs: 0,
    source: { pull: () => Uint8Array.of(1) },
  });
  const core = makeCore(
    [task("a"), task("b")],
    { maxWindow: 2, windowTimeMs: 100 },
    {
      toWorker: (connection, message) => {
        if (message.type !== "grant") return;
        for (const { seq } of message.items) granted.push(`${seq} to ${connection}`);
        for (const seq of message.settled) granted.push(`${seq} settled for ${connection}`);
      },
    },
  );
  core.tick(0);
  core.open(EMPTY);
  collectorComes(core);
  workerComes(core, "of a", "a", 2);
  workerComes(core, "of b", "b", 2);
  granted.length = 0;
  const ack = {
    type: "ack",
    runId: RUN,
    taskType: "b",
    workerId: "of a",
    busyMs: 1,
    bytes: 1,
    seqs: [0],
  } as const;
  core.collectorMessage("ack", { ...ack, ackSeq: 0, ackData: EMPTY });
  core.tick(100);
  // Worker "of b" hears that its item is settled, and gets another one.
  expect(granted.sort()).toEqual(["0 settled for of b", "2 to of b"]);
  expect(granted.filter((what) => what.endsWith("of a"))).toEqual([]);
});

test("A distributor without such trust tells the collector what exists, and takes any peer for the worker whose id it says", () => {
  const { scene } = withWorker("any");
  expect(scene.told("open").map(({ trust }) => trust)).toContain("any");
  expect(scene.told("assigned")).toEqual([]);
  expect(scene.told("produced").length).toBeGreaterThan(0);
  scene.again("x", "w", "", 0, 1);
  expect(scene.heldBy("w")).toEqual([0, 1]);
  expect(scene.got("x", "welcome")).toHaveLength(1);
});
