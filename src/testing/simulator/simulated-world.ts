import type { Durability } from "../../journal/journal-options.ts";
import type { RunStatus } from "../../protocol/batch-message.ts";
import type { Fault } from "./faults.ts";
import { type Host, newHost, runOn, tickOn } from "./host.ts";
import { injectFault } from "./inject-fault.ts";
import { MemoryFile } from "./memory-file.ts";
import { Network } from "./network.ts";
import { Random } from "./random.ts";
import type { SimulatedDistributor } from "./simulated-distributor.ts";
import { Timeline } from "./timeline.ts";

/** Longest time in ms that workers and collectors wait for a distributor that is gone, with a margin. */
export const PATIENCE_MS = 70_000;

export interface WorldSetting {
  readonly seed: number;
  /** Share of messages that arrive twice, the second time out of order. */
  readonly duplicating?: number | undefined;
  /** The distributor has a journal, and can be killed. */
  readonly journal?: Durability | undefined;
}

/** How the run of a simulated distributor ended. */
export interface Outcome {
  readonly status: RunStatus;
  readonly error: Error | undefined;
}

/**
 * One distributor, a collector and workers on a simulated network and on virtual time. Starts their processes, kills them and starts
 * others in their place; what the processes do is said by the class that extends it.
 */
export abstract class SimulatedWorld {
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly network: Network;
  /** How often each event happened. */
  readonly counters: Record<string, number> = {};
  outcome: Outcome | undefined;
  /** Workers and collectors whose processes have not ended. */
  protected unfinished = 0;
  /** Collectors that were started. */
  protected collectors = 0;
  #distributor!: SimulatedDistributor;
  /** Apart from the world's other randomness, which tickets do not change. */
  readonly #tickets: Random;
  readonly #journal: Durability | undefined;
  #file: MemoryFile | undefined;
  #workersStarted = 0;
  readonly #hosts = {
    distributor: newHost(),
    collector: newHost(),
    workers: new Map<Host, string>(),
  };

  constructor({ seed, duplicating = 0, journal }: WorldSetting) {
    this.random = new Random(seed);
    this.#tickets = new Random(~seed);
    this.network = new Network(this.timeline, this.random, ({ type }) => this.count(`lost ${type}`));
    this.network.duplicating = duplicating;
    this.#journal = journal;
  }

  /** The distributor's latest start. */
  get distributor(): SimulatedDistributor {
    return this.#distributor;
  }

  /** Makes the distributor of a process that starts. */
  protected abstract makeDistributor(
    host: Host,
    journal: { readonly file: MemoryFile; readonly durability: Durability } | undefined,
  ): SimulatedDistributor;
  /** Makes the collector of a process that starts. */
  protected abstract makeCollector(host: Host): void;
  /** Makes the worker of a process that starts. */
  protected abstract makeWorker(host: Host, taskType: string, number: number): void;
  /** Called with what must end before time goes on. */
  protected wait(_pending: Promise<void>): void {}

  count(event: string, times = 1): void {
    this.counters[event] = (this.counters[event] ?? 0) + times;
  }

  /** A ticket that the seed determines. */
  protected newTicket(): string {
    return Array.from({ length: 4 }, () => Math.floor(this.#tickets.next() * 2 ** 32).toString(16)).join("-");
  }

  /** Starts all roles, in any order. @param workers - The task type of each worker. */
  protected begin(workers: readonly string[]): void {
    this.#startDistributor(this.#journal === undefined ? undefined : this.#newFile());
    this.timeline.after(this.random.between(0, 300), () => this.#startCollector());
    for (const taskType of workers)
      this.timeline.after(this.random.between(0, 300), () => this.#startWorker(taskType));
  }

  /** The run is over: the distributor's process ends. */
  protected over(host: Host, status: RunStatus, error: Error | undefined): void {
    this.outcome = { status, error };
    this.network.drop(host);
  }

  /** Makes a fault happen, if there is something that it can happen to. */
  protected inject(fault: Fault): void {
    const { distributor, collector, workers } = this.#hosts;
    const worker = this.random.pick([...workers.keys()]);
    injectFault(fault, this, {
      freezeWorker: (freeze) => freeze(worker),
      freezeDistributor: (freeze) => freeze(distributor),
      freezeCollector: (freeze) => freeze(collector),
      killDistributor: () => this.#killDistributor(),
      killWorker: () => worker !== undefined && this.killWorker(worker),
      killCollector: () => this.killCollector(collector),
    });
  }

  /** Notes the end of a worker's or collector's process. */
  protected ended(host: Host): void {
    if (!host.alive) return;
    host.alive = false;
    this.unfinished -= 1;
    this.#hosts.workers.delete(host);
    this.network.drop(host);
  }

  /** Kills a worker, and starts another in its place. */
  protected killWorker(host: Host): void {
    if (!host.alive) return;
    const taskType = this.#hosts.workers.get(host) as string;
    this.ended(host);
    this.timeline.after(this.random.between(20, 300), () => this.#startWorker(taskType));
  }

  /** Kills a collector that has started, and starts another in its place. */
  protected killCollector(host: Host): void {
    if (!host.alive || this.collectors === 0) return;
    this.ended(host);
    this.timeline.after(this.random.between(50, 500), () => this.#startCollector());
  }

  #startDistributor(file: MemoryFile | undefined): void {
    const host = newHost();
    this.#hosts.distributor = host;
    this.#file = file;
    const durability = this.#journal ?? "process-crash";
    const distributor = this.makeDistributor(host, file === undefined ? undefined : { file, durability });
    this.#distributor = distributor;
    tickOn(
      this.timeline,
      host,
      (now) => distributor.tick(now),
      () => this.outcome !== undefined,
    );
    runOn(this.timeline, host, this.random.between(0, 300), () => {
      const opening = distributor.open();
      if (opening !== undefined) this.wait(opening);
    });
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
    const kept = this.#journal === "power-loss" ? this.random.next() : 1;
    const left = this.#file.afterCrash(kept);
    this.timeline.after(this.random.between(50, 1000), () => this.#startDistributor(this.#newFile(left)));
  }

  #startCollector(): void {
    const host = newHost();
    this.#hosts.collector = host;
    this.unfinished += 1;
    this.collectors += 1;
    this.makeCollector(host);
  }

  #startWorker(taskType: string): void {
    const host = newHost();
    this.#hosts.workers.set(host, taskType);
    this.unfinished += 1;
    this.makeWorker(host, taskType, this.#workersStarted++);
  }
}
