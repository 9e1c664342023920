import { describe, expect, test } from "vitest";
import type { DistributorCore } from "../../../src/core/distributor/distributor-core.ts";
import { explainItem } from "../../../src/core/distributor/explain-item.ts";
import { explainTask } from "../../../src/core/distributor/explain-task.ts";
import type { Grant } from "../../../src/protocol/batch-message.ts";
import { EMPTY } from "../../../src/protocol/wire/payload-frames.ts";
import { collectorComes, makeCore, RUN } from "../../support/distributor-core.ts";

/** A distributor's core with one task of four items, and workers that execute one item at a time. */
class Scene {
  readonly core: DistributorCore;
  readonly grants: { readonly connection: string; readonly grant: Grant }[] = [];
  readonly journal: string[] = [];
  ended: string | undefined;
  #left = 4;
  #now = 0;

  constructor() {
    const settled = (seqs: readonly number[], as: string) => void this.journal.push(`${as} ${seqs}`);
    const unused = () => {};
    this.core = makeCore(
      [
        {
          name: "task",
          dependencies: [],
          retry: { attempts: 1, backoff: 1, maxBackoff: 1 },
          timeoutMs: 0,
          source: { pull: () => (this.#left-- > 0 ? Uint8Array.of(1) : "done") },
          journal: { produced: unused, exhausted: unused, retried: unused, gaveUp: unused, settled },
        },
      ],
      { endTimeoutMs: 0, maxWindow: 1, windowTimeMs: 100 },
      {
        toWorker: (connection, message) => {
          if (message.type === "grant") this.grants.push({ connection, grant: message });
        },
        over: (status) => {
          this.ended = status;
        },
      },
    );
    this.core.tick(0);
    this.core.open(EMPTY);
    this.collectorComes();
  }

  collectorComes(): void {
    collectorComes(this.core);
  }

  worker(id: string): void {
    this.core.workerMessage(id, {
      type: "hello",
      runId: "",
      role: "worker",
      peerId: id,
      taskType: "task",
      ticket: "",
      held: [],
    });
    this.core.workerMessage(id, { type: "ready", runId: RUN, concurrency: 1 });
  }

  report(event: "taken" | "acked", workerId: string, ...seqs: number[]): void {
    this.core.resultsHere(event, [{ taskType: "task", workerId, busyMs: 1, bytes: 1, seqs }]);
  }

  wait(ms: number): void {
    for (const end = this.#now + ms; this.#now < end; ) {
      this.#now += 100;
      this.core.tick(this.#now);
    }
  }

  /** The items that a worker was granted, in order. */
  granted(worker: string): number[] {
    return this.grants
      .filter(({ connection }) => connection === worker)
      .flatMap(({ grant }) => grant.items.map(({ seq }) => seq));
  }

  get explained(): string {
    const [task] = [...this.core.tasks];
    if (task === undefined) throw new Error("there is no task");
    return [
      ...explainItem(this.core.view, task, 1).reasons,
      ...explainTask(this.core.view, task).reasons,
    ].join(" ");
  }
}

describe("A result that the collector of the same process has taken", () => {
  test("gives its worker room and is forgotten there, and is settled in the journal only when it is handled", () => {
    const scene = new Scene();
    scene.worker("a");
    scene.worker("b");
    expect([scene.granted("a"), scene.granted("b")]).toEqual([[0], [1]]);
    scene.report("taken", "b", 1);
    expect(scene.granted("b")).toEqual([1, 2]);
    expect(scene.grants.at(-1)?.grant.settled).toEqual([1]);
    expect(scene.explained).toMatch(
      /Its result is there, and waits .* 1 item is executed: their results wait/,
    );
    scene.report("taken", "b", 2, 2);
    scene.report("taken", "b", 3);
    expect(scene.journal).toEqual([]);
    scene.report("acked", "a", 0);
    scene.report("acked", "b", 1, 2, 3);
    expect(scene.journal).toEqual(["acked 0", "acked 1,2,3"]);
    scene.wait(200);
    expect(scene.ended).toBe("complete");
  });

  test("is not executed again when its worker is lost", () => {
    const scene = new Scene();
    scene.worker("a");
    scene.report("taken", "a", 0);
    scene.core.workerDisconnected("a");
    scene.wait(2000);
    scene.worker("b");
    expect(scene.granted("b")).toEqual([1]);
    scene.report("acked", "b", 1);
    expect(scene.granted("b")).toEqual([1, 2]);
  });

  test("is executed again when the collector's connection is a new one", () => {
    const scene = new Scene();
    scene.worker("a");
    scene.report("taken", "a", 0);
    scene.core.collectorDisconnected("ack");
    scene.collectorComes();
    scene.report("acked", "a", 1);
    expect(scene.granted("a")).toEqual([0, 1, 0]);
  });
});
