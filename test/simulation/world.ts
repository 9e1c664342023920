import assert from "node:assert/strict";
import { CollectorCore, type CollectorPort } from "../../src/core/collector-core.ts";
import { DistributorCore } from "../../src/core/distributor-core.ts";
import type { DistributorPort } from "../../src/core/distributor-port.ts";
import type { Execution } from "../../src/core/execution.ts";
import { resolveRetryPolicy } from "../../src/core/retry-policy.ts";
import type { ItemSource, TaskSpec } from "../../src/core/task-state.ts";
import { WorkerCore, type WorkerPort } from "../../src/core/worker-core.ts";
import type { RunStatus } from "../../src/protocol/message.ts";
import { EMPTY } from "../../src/protocol/payload-frames.ts";
import { checkInvariants } from "./check-invariants.ts";
import { type Host, Network } from "./network.ts";
import { Random } from "./random.ts";
import { Timeline } from "./timeline.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly items: number;
  readonly workers: number;
  /** Handler time in ms, drawn from 0 to this. */
  readonly service: number;
  /** Share of executions that throw. */
  readonly failing?: number;
  /** Sequence numbers of task "a" that kill the worker they run on. */
  readonly poison?: readonly number[];
  /** Faults are injected until this time, in ms. */
  readonly faultsUntil?: number;
  readonly faults?: Partial<Record<Fault, number>>;
  /** Has a second task that depends on the first. */
  readonly dependent?: boolean;
}

/** Mean ms between two faults of a kind. */
export type Fault =
  | "cut"
  | "mute"
  | "killWorker"
  | "freezeWorker"
  | "freezeDistributor"
  | "freezeCollector"
  | "killCollector";

const TICK = 20;
const WINDOW = 64;
const RUN = "run";

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
  readonly core: DistributorCore;
  readonly #options: WorldOptions;
  readonly #hosts = {
    distributor: { alive: true, frozenUntil: 0 } as Host,
    collector: { alive: true, frozenUntil: 0 } as Host,
    workers: new Map<Host, string>(),
  };
  #workersStarted = 0;
  collectorsEnded = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.random = new Random(options.seed);
    this.network = new Network(this.timeline, this.random);
    this.core = this.#startDistributor();
    // Any start order.
    this.timeline.after(this.random.between(0, 300), () => this.#startCollector());
    for (let i = 0; i < options.workers; i++) {
      const taskType = this.tasks()[i % this.tasks().length] as string;
      this.timeline.after(this.random.between(0, 300), () => this.#startWorker(taskType));
    }
    for (const [fault, every] of Object.entries(options.faults ?? {})) this.#schedule(fault as Fault, every);
  }

  /** Runs until the distributor's run is over; throws when an invariant breaks or virtual time runs out. */
  run(limit = 600_000): void {
    while (this.outcome === undefined) {
      assert.ok(this.timeline.step(), "something is always to happen while the run goes on");
      assert.ok(this.timeline.now < limit, `the run must end within ${limit} virtual ms`);
      checkInvariants(this.core, WINDOW);
    }
  }

  tasks(): string[] {
    return this.#options.dependent === true ? ["a", "b"] : ["a"];
  }

  count(event: string): void {
    this.counters[event] = (this.counters[event] ?? 0) + 1;
  }

  #startDistributor(): DistributorCore {
    const host = this.#hosts.distributor;
    const server = this.network.listen("distributor", {
      host,
      onMessage: (connection, message) => core.workerMessage(connection, message),
      onDisconnected: (connection) => core.workerDisconnected(connection),
      onSomeDisconnected: () => core.probe(),
    });
    const data = this.network.connect("collector", {
      host,
      onConnected: () => core.collectorConnected(),
      onDisconnected: () => core.collectorDisconnected("data"),
      onMessage: (message) => core.collectorMessage("data", message),
    });
    const ack = this.network.connect("ack", {
      host,
      onConnected: () => core.ackLinkConnected(),
      onDisconnected: () => core.collectorDisconnected("ack"),
      onMessage: (message) => core.collectorMessage("ack", message),
    });
    const port: DistributorPort = {
      toWorker: server,
      toCollector: (message) => data.send(message),
      toAckLink: (message) => ack.send(message),
      ackData: () => {},
      completed: ({ name }) => this.count(`completed ${name}`),
      over: (status, error) => {
        this.outcome = { status, error };
      },
      note: (event) => this.count(event),
    };
    const options = {
      runId: RUN,
      peerId: "d",
      crashLimit: 3,
      minWorkers: 1,
      maxFailures: Number.POSITIVE_INFINITY,
      peerTimeout: 60_000,
      endTimeout: 5000,
      maxWindow: WINDOW,
      windowBytes: 1 << 20,
      windowTime: 300,
    };
    const core = new DistributorCore(
      this.tasks().map((name) => this.#spec(name)),
      options,
      port,
    );
    this.#ticks(
      host,
      (now) => core.tick(now),
      () => this.outcome !== undefined,
    );
    this.timeline.after(this.random.between(0, 300), () => core.open(EMPTY));
    return core;
  }

  #spec(name: string): TaskSpec {
    let produced = 0;
    const source: ItemSource = {
      pull: () => (produced++ < this.#options.items ? Uint8Array.of(1) : "done"),
    };
    const dependencies = name === "b" ? ["a"] : [];
    return { name, dependencies, retry: resolveRetryPolicy({ backoff: 50 }), timeout: 0, source };
  }

  #startCollector(): void {
    const host: Host = { alive: true, frozenUntil: 0 };
    this.#hosts.collector = host;
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
        this.collectorsEnded += 1;
      },
      note: (event) => this.count(event),
    };
    const core = new CollectorCore({ peerId: `collector${this.lives.length}`, peerTimeout: 60_000 }, port);
    const toPeer = this.network.listen("collector", {
      host,
      onMessage: (connection, message) => core.peerMessage(connection, message),
      onDisconnected: (connection) => core.disconnected("data", connection),
      onSomeDisconnected: () => core.probe(),
    });
    const toAck = this.network.listen("ack", {
      host,
      onMessage: (connection, message) => core.ackLinkMessage(connection, message),
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
    const number = this.#workersStarted++;
    let over = false;
    let busy = false;
    const work = () => {
      const execution = host.alive && !busy ? core.next() : undefined;
      if (execution === undefined) return;
      busy = true;
      this.#execute(host, taskType, execution, (outcome, service) => {
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
      onMessage: (message) => core.distributorMessage(message),
    });
    const collector = this.network.connect("collector", {
      host,
      onConnected: () => core.collectorConnected(),
      onDisconnected: () => core.collectorDisconnected(),
      onMessage: (message) => core.collectorMessage(message),
    });
    this.#ticks(
      host,
      (now) => core.tick(now),
      () => over,
    );
  }

  #execute(
    host: Host,
    task: string,
    execution: Execution,
    done: (outcome: Parameters<WorkerCore["finished"]>[1], service: number) => void,
  ): void {
    const id = `${task}${execution.seq}`;
    const service = this.random.between(0, this.#options.service);
    this.#later(host, service, () => {
      this.executions.set(id, (this.executions.get(id) ?? 0) + 1);
      if (task === "a" && this.#options.poison?.includes(execution.seq)) {
        this.count("poisoned");
        return this.#kill(host);
      }
      if (this.random.chance(this.#options.failing ?? 0)) {
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
    else if (fault === "killWorker" && worker !== undefined) this.#kill(worker);
    else if (fault === "killCollector" && collector.alive && this.lives.length > 0) {
      collector.alive = false;
      this.network.drop(collector);
      this.timeline.after(this.random.between(50, 500), () => this.#startCollector());
    }
  }

  /** A worker dies and is replaced. */
  #kill(host: Host): void {
    if (!host.alive) return;
    host.alive = false;
    const taskType = this.#hosts.workers.get(host) as string;
    this.#hosts.workers.delete(host);
    this.network.drop(host);
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
