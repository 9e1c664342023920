import assert from "node:assert/strict";
import { CollectorCore } from "../../src/core/collector/collector-core.ts";
import type { CollectorPort } from "../../src/core/collector/collector-port.ts";
import type { DistributorCore } from "../../src/core/distributor/distributor-core.ts";
import type { Execution } from "../../src/core/execution.ts";
import { WorkerCore } from "../../src/core/worker/worker-core.ts";
import type { WorkerPort } from "../../src/core/worker/worker-port.ts";
import type { Durability } from "../../src/journal/journal-options.ts";
import type { RunStatus } from "../../src/protocol/batch-message.ts";
import {
  COLLECTOR_TO_WORKER,
  DISTRIBUTOR_TO_ACK_LINK,
  DISTRIBUTOR_TO_COLLECTOR,
  DISTRIBUTOR_TO_WORKER,
  WORKER_TO_COLLECTOR,
} from "../../src/protocol/message.ts";
import { EMPTY } from "../../src/protocol/wire/payload-frames.ts";
import { inDirection } from "../support/in-direction.ts";
import { MemoryFile } from "./memory-file.ts";
import { must } from "./must.ts";
import { type Host, Network, type SimulatedLink } from "./network.ts";
import { Random } from "./random.ts";
import { SimulatedDistributor } from "./simulated-distributor.ts";
import { Timeline } from "./timeline.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly items: number;
  readonly workers: number;
  /** Handler time in ms, drawn from 0 to this. */
  readonly service: number;
  /** Share of executions that throw. */
  readonly failing?: number;
  /** How many of the workers that start first fail whatever they execute. */
  readonly bad?: number;
  /** Items of task "a" that block their worker's main thread for so many ms, by sequence number. */
  readonly blocking?: ReadonlyMap<number, number>;
  /** Items of task "a" that take so many ms, and leave their worker's main thread free. */
  readonly slow?: ReadonlyMap<number, number>;
  /** Longest execution in ms; a worker that is blocked for longer is killed by its watching thread, and replaced. */
  readonly timeout?: number;
  /** Sequence numbers of task "a" that kill the worker they run on. */
  readonly poison?: readonly number[];
  /** Share of messages that arrive twice, the second time out of order. */
  readonly duplicating?: number;
  /** Faults are injected until this time, in ms. */
  readonly faultsUntil?: number;
  readonly faults?: Partial<Record<Fault, number>>;
  /** Has a second task that depends on the first. */
  readonly dependent?: boolean;
  /** The distributor has a journal, and can be killed. */
  readonly journal?: Durability;
}

/** Mean ms between two faults of a kind. */
export type Fault =
  | "cut"
  | "mute"
  | "killWorker"
  | "freezeWorker"
  | "freezeDistributor"
  | "freezeCollector"
  | "killDistributor"
  | "killCollector";

const TICK = 20;

/** What workers and collectors wait at the most for a distributor that is gone, in ms, and some. */
const PATIENCE = 70_000;

/** One distributor, a collector and workers on a simulated network, with the faults that a seed brings. */
export class World {
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly network: Network;
  readonly counters: Record<string, number> = {};
  /** For each collector life: what its handler saw. */
  readonly lives: Map<string, number>[] = [];
  readonly failures = new Map<string, { attempts: number; code: string }>();
  readonly executions = new Map<string, number>();
  outcome: { status: RunStatus; error: Error | undefined } | undefined;
  #distributor!: SimulatedDistributor;
  #file: MemoryFile | undefined;
  readonly #options: WorldOptions;
  readonly #hosts = {
    distributor: { alive: true, frozenUntil: 0 } as Host,
    collector: { alive: true, frozenUntil: 0 } as Host,
    workers: new Map<Host, string>(),
  };
  #workersStarted = 0;
  #produced = 0;
  readonly #confirmed = new Set<string>();
  /** What each item contained when it was executed first. */
  readonly #payloads = new Map<string, string>();
  /** Workers and collectors that live and are not over. */
  #unfinished = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.random = new Random(options.seed);
    this.network = new Network(this.timeline, this.random, ({ type }) => this.count(`lost ${type}`));
    this.network.duplicating = options.duplicating ?? 0;
    this.#startDistributor(options.journal === undefined ? undefined : this.#newFile());
    // Any start order.
    this.timeline.after(this.random.between(0, 300), () => this.#startCollector());
    for (let i = 0; i < options.workers; i++) {
      const taskType = this.tasks()[i % this.tasks().length] as string;
      this.timeline.after(this.random.between(0, 300), () => this.#startWorker(taskType));
    }
    for (const [fault, every] of Object.entries(options.faults ?? {})) this.#schedule(fault as Fault, every);
  }

  /** The distributor's latest life. */
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
    // Whatever was lost, nobody waits for ever.
    const end = this.timeline.now + PATIENCE;
    while (this.#unfinished > 0 && this.timeline.step())
      must(this.timeline.now < end, "every role must end when the run is over");
  }

  /** Runs for so long, in ms. */
  runUntil(time: number): void {
    while (this.timeline.now < time) {
      must(this.timeline.step(), "something is always to happen");
      this.#distributor.check();
    }
  }

  tasks(): string[] {
    return this.#options.dependent === true ? ["a", "b"] : ["a"];
  }

  count(event: string): void {
    this.counters[event] = (this.counters[event] ?? 0) + 1;
  }

  #startDistributor(file: MemoryFile | undefined): void {
    const host: Host = { alive: true, frozenUntil: 0 };
    this.#hosts.distributor = host;
    this.#file = file;
    const distributor = new SimulatedDistributor({
      network: this.network,
      host,
      tasks: this.tasks(),
      items: this.#options.items,
      timeout: this.#options.timeout ?? 0,
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
        this.network.drop(host); // its process ends
      },
    });
    this.#distributor = distributor;
    this.#ticks(
      host,
      (now) => distributor.tick(now),
      () => this.outcome !== undefined,
    );
    this.#later(host, this.random.between(0, 300), () => distributor.open());
  }

  /** A file for a distributor's life, with what a crash has left. */
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
    const host: Host = { alive: true, frozenUntil: 0 };
    this.#hosts.collector = host;
    this.#unfinished += 1;
    const seen = new Map<string, number>();
    this.lives.push(seen);
    let busy = false;
    const work = () => {
      const delivery = host.alive && !busy ? core.next() : undefined;
      if (delivery === undefined) return core.flush();
      busy = true;
      this.#later(host, this.random.between(0, 0.2), () => {
        busy = false;
        const id = `${delivery.task}${delivery.seq}`;
        if (delivery.error === undefined) seen.set(id, (seen.get(id) ?? 0) + 1);
        else this.failures.set(id, { attempts: delivery.attempt, code: delivery.error.code });
        core.handled(delivery, EMPTY);
        work();
      });
    };
    let over = false;
    let duplicates = 0;
    const port: CollectorPort = {
      toPeer: (connection, message) => toPeer(connection, message),
      toAckLink: (connection, message) => toAck(connection, message),
      begin: () => {},
      work,
      finish: () => this.#later(host, 1, () => core.finished()),
      over: () => {
        over = true;
        this.#ended(host);
      },
      note: (event) => this.count(event),
    };
    const core = new CollectorCore({ peerId: `collector${this.lives.length}`, peerTimeout: 60_000 }, port);
    const toPeer = this.network.listen("collector", {
      host,
      onMessage: (connection, message) =>
        core.peerMessage(connection, inDirection(WORKER_TO_COLLECTOR.and(DISTRIBUTOR_TO_COLLECTOR), message)),
      onDisconnected: (connection) => core.disconnected("data", connection),
      onSomeDisconnected: () => core.probe(),
    });
    const toAck = this.network.listen("ack", {
      host,
      onMessage: (connection, message) =>
        core.ackLinkMessage(connection, inDirection(DISTRIBUTOR_TO_ACK_LINK, message)),
      onDisconnected: (connection) => core.disconnected("ack", connection),
      onSomeDisconnected: () => core.probe(),
    });
    this.#ticks(
      host,
      (now) => {
        this.counters.duplicates = (this.counters.duplicates ?? 0) + core.duplicates - duplicates;
        duplicates = core.duplicates;
        core.tick(now);
      },
      () => over,
    );
  }

  #startWorker(taskType: string): void {
    const host: Host = { alive: true, frozenUntil: 0 };
    this.#hosts.workers.set(host, taskType);
    this.#unfinished += 1;
    const number = this.#workersStarted++;
    let over = false;
    let busy = false;
    const work = () => {
      const execution = host.alive && !busy ? core.next() : undefined;
      if (execution === undefined) return;
      busy = true;
      const blocksFor = taskType === "a" ? this.#options.blocking?.get(execution.seq) : undefined;
      if (blocksFor !== undefined) this.#block(host, watcher, core.runId, `w${number}`, execution, blocksFor);
      this.#execute(host, taskType, number, execution, (outcome, service) => {
        busy = false;
        core.finished(execution, outcome, service, this.timeline.now);
        work();
      });
    };
    const port: WorkerPort = {
      toDistributor: (message) => distributor.send(message),
      toCollector: (message) => collector.send(message),
      begin: (welcome) =>
        this.#later(host, this.random.between(0, 20), () => core.initialised(welcome.runId)),
      abandon: () => {},
      work,
      over: () => {
        over = true;
        this.#ended(host);
      },
      note: (event) => this.count(event),
    };
    const core = new WorkerCore(
      { workerId: `w${number}`, taskType, concurrency: 1, peerTimeout: 60_000 },
      port,
    );
    const distributor = this.network.connect("distributor", {
      host,
      onConnected: () => core.distributorConnected(),
      onDisconnected: () => core.distributorDisconnected(),
      onMessage: (message) => core.distributorMessage(inDirection(DISTRIBUTOR_TO_WORKER, message)),
    });
    const collector = this.network.connect("collector", {
      host,
      onConnected: () => core.collectorConnected(),
      onDisconnected: () => core.collectorDisconnected(),
      onMessage: (message) => core.collectorMessage(inDirection(COLLECTOR_TO_WORKER, message)),
    });
    const nothing = () => {};
    const watcher =
      this.#options.blocking === undefined
        ? undefined
        : this.network.connect("distributor", {
            host: { alive: true, frozenUntil: 0 },
            onConnected: nothing,
            onDisconnected: nothing,
            onMessage: nothing,
          });
    this.#ticks(
      host,
      (now) => core.tick(now),
      () => over,
    );
  }

  /** A worker's main thread is stuck in an item: it hears and says nothing, but its connections live, and its watching thread reports. */
  #block(
    host: Host,
    watcher: SimulatedLink | undefined,
    runId: string,
    workerId: string,
    { seq, attempt }: Execution,
    ms: number,
  ): void {
    const since = this.timeline.now;
    const { timeout = 0 } = this.#options;
    host.frozenUntil = Math.max(host.frozenUntil, since + ms);
    const report = (delay: number) =>
      this.timeline.after(delay, () => {
        if (!host.alive || this.timeline.now >= since + ms) return;
        const expired = timeout > 0 && this.timeline.now > since + timeout + 500;
        this.count(expired ? "reported as expired" : "reported as blocked");
        watcher?.send({ type: "blocked", runId, workerId, running: [{ seq, attempt }], expired });
        if (expired) this.timeline.after(20, () => this.#kill(host));
        else report(1000);
      });
    report(300);
  }

  #execute(
    host: Host,
    task: string,
    worker: number,
    execution: Execution,
    done: (outcome: Parameters<WorkerCore["finished"]>[1], service: number) => void,
  ): void {
    const id = `${task}${execution.seq}`;
    const slow = task === "a" ? this.#options.slow?.get(execution.seq) : undefined;
    const service = slow ?? this.random.between(0, this.#options.service);
    const isBad = worker < (this.#options.bad ?? 0);
    this.#later(host, isBad ? 0 : service, () => {
      this.executions.set(id, (this.executions.get(id) ?? 0) + 1);
      const payload = Buffer.from(execution.payload).toString("hex");
      assert.equal(
        payload,
        this.#payloads.get(id) ?? payload,
        `item ${id} must be the same whenever it is executed`,
      );
      this.#payloads.set(id, payload);
      if (task === "a" && this.#options.poison?.includes(execution.seq)) {
        this.count("poisoned");
        return this.#kill(host);
      }
      if (isBad || this.random.chance(this.#options.failing ?? 0)) {
        const error = { name: "Error", message: "simulated", stack: "", code: "" };
        return done({ ok: false, error, retryable: true }, service);
      }
      done({ ok: true, payload: Uint8Array.of(2) }, service);
    });
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

  /** A worker's or collector's process is gone. */
  #ended(host: Host): void {
    if (!host.alive) return;
    host.alive = false;
    this.#unfinished -= 1;
    this.#hosts.workers.delete(host);
    this.network.drop(host);
  }

  /** A worker dies and is replaced. */
  #kill(host: Host): void {
    if (!host.alive) return;
    const taskType = this.#hosts.workers.get(host) as string;
    this.#ended(host);
    this.timeline.after(this.random.between(20, 300), () => this.#startWorker(taskType));
  }

  #ticks(host: Host, tick: (now: number) => void, over: () => boolean): void {
    this.#later(host, TICK, () => {
      if (over()) return;
      tick(this.timeline.now);
      this.#ticks(host, tick, over);
    });
  }

  #later(host: Host, delay: number, action: () => void): void {
    this.timeline.after(delay, () => {
      if (!host.alive) return;
      if (host.frozenUntil > this.timeline.now)
        this.#later(host, host.frozenUntil - this.timeline.now, action);
      else action();
    });
  }
}
