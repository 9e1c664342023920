import assert from "node:assert/strict";
import type { DistributorCore } from "../../src/core/distributor/distributor-core.ts";
import type { RunStatus } from "../../src/protocol/batch-message.ts";
import { type Host, newHost, runOn, tickOn } from "./host.ts";
import { MemoryFile } from "./memory-file.ts";
import { must } from "./must.ts";
import { Network } from "./network.ts";
import { Random } from "./random.ts";
import { startCollector } from "./simulated-collector.ts";
import { SimulatedDistributor } from "./simulated-distributor.ts";
import { SimulatedWorker } from "./simulated-worker.ts";
import { Timeline } from "./timeline.ts";
import type { Fault, WorldOptions } from "./world-options.ts";

/** Longest time in ms that workers and collectors wait for a distributor that is gone, with a margin. */
const PATIENCE_MS = 70_000;

/** One distributor, a collector and workers on a simulated network, with the faults that a seed brings. */
export class World {
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly network: Network;
  readonly counters: Record<string, number> = {};
  /** For each start of the collector: how often its handler got each item. */
  readonly lives: Map<string, number>[] = [];
  readonly failures = new Map<string, { attempts: number; code: string }>();
  readonly executions = new Map<string, number>();
  outcome: { status: RunStatus; error: Error | undefined } | undefined;
  #distributor!: SimulatedDistributor;
  #file: MemoryFile | undefined;
  readonly #options: WorldOptions;
  readonly #hosts = {
    distributor: newHost(),
    collector: newHost(),
    workers: new Map<Host, string>(),
  };
  #workersStarted = 0;
  #produced = 0;
  readonly #confirmed = new Set<string>();
  /** What each item contained when it was executed first. */
  readonly #payloads = new Map<string, string>();
  /** Workers and collectors whose processes have not ended. */
  #unfinished = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.random = new Random(options.seed);
    this.network = new Network(this.timeline, this.random, ({ type }) => this.count(`lost ${type}`));
    this.network.duplicating = options.duplicating ?? 0;
    this.#startDistributor(options.journal === undefined ? undefined : this.#newFile());
    // Roles start in any order.
    this.timeline.after(this.random.between(0, 300), () => this.#startCollector());
    for (let i = 0; i < options.workers; i++) {
      const taskType = this.tasks()[i % this.tasks().length] as string;
      this.timeline.after(this.random.between(0, 300), () => this.#startWorker(taskType));
    }
    for (const [fault, every] of Object.entries(options.faults ?? {})) this.#schedule(fault as Fault, every);
  }

  /** The core of the distributor's latest start. */
  get core(): DistributorCore {
    return this.#distributor.core;
  }

  /** Runs until the distributor's run is over; throws when an invariant breaks or virtual time runs out. */
  run(limit = 600_000): void {
    while (this.outcome === undefined) {
      must(this.timeline.step(), "something is always to happen while the run goes on");
      must(this.timeline.now < limit, `the run must end within ${limit} virtual ms`);
      this.#distributor.check();
    }
    // Whatever was lost, no role waits for ever.
    const end = this.timeline.now + PATIENCE_MS;
    while (this.#unfinished > 0 && this.timeline.step())
      must(this.timeline.now < end, "every role must end when the run is over");
  }

  /** Runs until `time`, in virtual ms. */
  runUntil(time: number): void {
    while (this.timeline.now < time) {
      must(this.timeline.step(), "something is always to happen");
      this.#distributor.check();
    }
  }

  tasks(): string[] {
    return this.#options.dependent === true ? ["a", "b"] : ["a"];
  }

  count(event: string, times = 1): void {
    this.counters[event] = (this.counters[event] ?? 0) + times;
  }

  #startDistributor(file: MemoryFile | undefined): void {
    const host = newHost();
    this.#hosts.distributor = host;
    this.#file = file;
    const distributor = new SimulatedDistributor({
      network: this.network,
      host,
      tasks: this.tasks(),
      items: this.#options.items,
      timeoutMs: this.#options.timeout ?? 0,
      expectedWorkers: this.#options.bad === undefined ? 0 : this.#options.workers,
      journal:
        file === undefined ? undefined : { file, durability: this.#options.journal ?? "process-crash" },
      confirmed: this.#confirmed,
      payload: () => {
        const payload = Buffer.alloc(4);
        payload.writeUInt32LE(this.#produced++);
        return payload;
      },
      count: (event) => this.count(event),
      over: (status, error) => {
        this.outcome = { status, error };
        this.network.drop(host); // the distributor's process ends
      },
    });
    this.#distributor = distributor;
    tickOn(
      this.timeline,
      host,
      (now) => distributor.tick(now),
      () => this.outcome !== undefined,
    );
    runOn(this.timeline, host, this.random.between(0, 300), () => distributor.open());
  }

  /** A journal file for a start of the distributor, with the bytes that a crash has left. */
  #newFile(bytes?: Uint8Array): MemoryFile {
    return new MemoryFile({ sync: (done) => this.timeline.after(this.random.between(0.1, 5), done) }, bytes);
  }

  #killDistributor(): void {
    const { distributor } = this.#hosts;
    if (!distributor.alive || this.#file === undefined) return;
    distributor.alive = false;
    this.network.drop(distributor);
    const kept = this.#options.journal === "power-loss" ? this.random.next() : 1;
    const left = this.#file.afterCrash(kept);
    this.timeline.after(this.random.between(50, 1000), () => this.#startDistributor(this.#newFile(left)));
  }

  #startCollector(): void {
    const host = newHost();
    this.#hosts.collector = host;
    this.#unfinished += 1;
    const seen = new Map<string, number>();
    this.lives.push(seen);
    startCollector({
      timeline: this.timeline,
      network: this.network,
      random: this.random,
      host,
      peerId: `collector${this.lives.length}`,
      seen,
      failed: (id, failure) => this.failures.set(id, failure),
      count: (event, times) => this.count(event, times),
      over: () => this.#ended(host),
    });
  }

  #startWorker(taskType: string): void {
    const host = newHost();
    this.#hosts.workers.set(host, taskType);
    this.#unfinished += 1;
    new SimulatedWorker({
      timeline: this.timeline,
      network: this.network,
      random: this.random,
      host,
      taskType,
      number: this.#workersStarted++,
      options: this.#options,
      executed: (id, payload) => this.#executed(id, payload),
      count: (event, times) => this.count(event, times),
      kill: () => this.#kill(host),
      over: () => this.#ended(host),
    });
  }

  /** Counts an execution of an item, whose payload must be the same in each. */
  #executed(id: string, bytes: Uint8Array): void {
    this.executions.set(id, (this.executions.get(id) ?? 0) + 1);
    const payload = Buffer.from(bytes).toString("hex");
    assert.equal(
      payload,
      this.#payloads.get(id) ?? payload,
      `item ${id} must be the same whenever it is executed`,
    );
    this.#payloads.set(id, payload);
  }

  #schedule(fault: Fault, every: number): void {
    this.timeline.after(this.random.between(0.2, 2) * every, () => {
      if (this.timeline.now > (this.#options.faultsUntil ?? 0) || this.outcome !== undefined) return;
      this.count(`fault ${fault}`);
      this.#inject(fault);
      this.#schedule(fault, every);
    });
  }

  #inject(fault: Fault): void {
    const { distributor, collector, workers } = this.#hosts;
    const worker = this.random.pick([...workers.keys()]);
    const connection = this.random.pick([...this.network.connections.values()]);
    const freeze = (host: Host | undefined) => {
      if (host !== undefined) this.network.freeze(host, this.random.between(100, 5000));
    };
    if (fault === "cut" && connection !== undefined) this.network.cut(connection);
    else if (fault === "mute" && connection !== undefined) {
      this.network.mute(connection, this.random.chance(0.5) ? "toServer" : "toClient");
    } else if (fault === "freezeWorker") freeze(worker);
    else if (fault === "freezeDistributor") freeze(distributor);
    else if (fault === "freezeCollector") freeze(collector);
    else if (fault === "killDistributor") this.#killDistributor();
    else if (fault === "killWorker" && worker !== undefined) this.#kill(worker);
    else if (fault === "killCollector" && collector.alive && this.lives.length > 0) {
      this.#ended(collector);
      this.timeline.after(this.random.between(50, 500), () => this.#startCollector());
    }
  }

  /** Notes the end of a worker's or collector's process. */
  #ended(host: Host): void {
    if (!host.alive) return;
    host.alive = false;
    this.#unfinished -= 1;
    this.#hosts.workers.delete(host);
    this.network.drop(host);
  }

  /** Kills a worker, and starts another in its place. */
  #kill(host: Host): void {
    if (!host.alive) return;
    const taskType = this.#hosts.workers.get(host) as string;
    this.#ended(host);
    this.timeline.after(this.random.between(20, 300), () => this.#startWorker(taskType));
  }
}
