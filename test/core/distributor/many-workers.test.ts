import { describe, expect, test } from "vitest";
import type { DistributorCore } from "../../../src/core/distributor/distributor-core.ts";
import { EMPTY } from "../../../src/protocol/wire/payload-frames.ts";
import { collectorComes, makeCore, RUN, workerComes } from "../../support/distributor-core.ts";

const NO_TIMEOUT = 0;

/** A distributor's core that counts what it sends to workers. */
class Crowd {
  readonly core: DistributorCore;
  readonly sent = new Map<string, number>();
  #now = 0;

  constructor() {
    const retry = { attempts: 3, backoff: 100, maxBackoff: 100 };
    const source = { pull: () => Uint8Array.of(1) };
    this.core = makeCore(
      [{ name: "t", dependencies: [], retry, timeoutMs: NO_TIMEOUT, source }],
      { crashLimit: Number.POSITIVE_INFINITY },
      { toWorker: (_to, { type }) => this.sent.set(type, (this.sent.get(type) ?? 0) + 1) },
    );
    this.core.tick(0);
    this.core.open(EMPTY);
    collectorComes(this.core);
  }

  wait(ms: number): void {
    for (const until = this.#now + ms; this.#now < until; ) {
      this.#now += 20;
      this.core.tick(this.#now);
    }
  }

  /** How many entries the core has of workers, and of items. */
  get entries() {
    const { view, fleet } = this.core;
    const task = view.tasks.get("t");
    if (task === undefined) throw new Error("No task");
    return {
      workers: fleet.size,
      ofTask: task.workers.size,
      withRoom: task.withRoom.size,
      draining: task.draining.size,
      unreliable: task.unreliable.size,
      blamed: task.blamed.size,
      items: task.items.size,
      queued: task.queue.size,
      suspects: task.suspects.size,
      settled: [...task.workers].reduce((sum, { settled }) => sum + settled.length, 0),
    };
  }

  /** A worker joins under a name of its own, has half of its items collected, and its connection ends. */
  live(name: string): void {
    workerComes(this.core, name, "t", 4);
    const task = this.core.view.tasks.get("t");
    const worker = this.core.fleet.byId(name);
    if (task === undefined || worker === undefined) throw new Error("The worker has not joined");
    const seqs = task.heldBy(worker).map(({ seq }) => seq);
    const half = seqs.slice(0, Math.ceil(seqs.length / 2));
    this.core.collectorMessage("ack", {
      type: "ack",
      runId: RUN,
      taskType: "t",
      workerId: name,
      busyMs: 1,
      bytes: 1,
      seqs: half,
      ackSeq: half.at(-1) ?? 0,
      ackData: EMPTY,
    });
    this.core.workerDisconnected(name);
    this.core.probe();
    this.wait(600); // it does not come back
  }
}

describe("A distributor's core", () => {
  test("pings each of 300 workers a few times, when the connections of 50 others end at the same moment", () => {
    const crowd = new Crowd();
    for (let n = 0; n < 350; n++) workerComes(crowd.core, `w${n}`, "t");
    crowd.wait(1100);
    const before = crowd.sent.get("ping") ?? 0;
    for (let n = 0; n < 50; n++) {
      crowd.core.workerDisconnected(`w${n}`);
      crowd.core.probe();
    }
    crowd.wait(1000);
    const pings = (crowd.sent.get("ping") ?? 0) - before;
    expect(pings).toBeGreaterThanOrEqual(300);
    expect(pings).toBeLessThanOrEqual(6 * 350);
  });

  test("has as many entries after a thousand workers were lost one after the other as after ten", () => {
    const crowd = new Crowd();
    for (let n = 0; n < 10; n++) crowd.live(`w${n}`);
    const { entries } = crowd;
    for (let n = 10; n < 1000; n++) crowd.live(`w${n}`);
    for (const [name, count] of Object.entries(crowd.entries))
      expect(count, name).toBeLessThanOrEqual(entries[name as keyof typeof entries] + 8);
    expect(crowd.entries.workers).toBe(0);
  });
});
