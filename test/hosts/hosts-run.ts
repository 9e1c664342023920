import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { type RunSummary, Security } from "../../src/index.ts";
import { type Changes, ChaosRun } from "../chaos/chaos-run.ts";
import { tempFolder } from "../support/endpoints.ts";
import { RoleProcess } from "../support/processes.ts";
import { HostNetwork } from "./host-network.ts";

/** The hosts of a run. */
export const DISTRIBUTOR = 0;
export const COLLECTOR = 1;
export const WORKERS: readonly number[] = [2, 3];
export const ALL: readonly number[] = [DISTRIBUTOR, COLLECTOR, ...WORKERS];

const WORKERS_PER_HOST = 2;

/** How long roles wait for each other, in ms: longer than any fault. */
const PEER_TIMEOUT_MS = 120_000;

/** What a run is of. */
export interface HostsRunOptions {
  readonly items: number;
  /** Time of a handler, which waits, in ms. */
  readonly wait: number;
  /** Sizes of items and of results, in bytes, beside a number. */
  readonly itemBytes?: number;
  readonly payloadBytes?: number;
}

/**
 * A run over four hosts with keys: a distributor with a journal, a collector, and two hosts with two workers each. Each host's disk outlives
 * its reboots. An independent reader checks what the collector wrote.
 */
export class HostsRun {
  readonly network: HostNetwork;
  readonly run: ChaosRun;
  readonly #options: HostsRunOptions;
  readonly #keys: string;
  /** The processes that each host starts when it boots. */
  readonly #running = new Map<number, RoleProcess[]>();

  static async begin(options: HostsRunOptions): Promise<HostsRun> {
    const network = await HostNetwork.start(ALL.length);
    const hosts = new HostsRun(network, options);
    for (const host of ALL) hosts.boot(host);
    await hosts.run.reached(0.05);
    return hosts;
  }

  private constructor(network: HostNetwork, options: HostsRunOptions) {
    const at = (host: number, port: number) => `tcp://${network.address(host)}:${port}`;
    const endpoints = {
      task: at(DISTRIBUTOR, 5001),
      second: at(DISTRIBUTOR, 5002),
      metadata: at(DISTRIBUTOR, 5003),
      collector: at(COLLECTOR, 5001),
      ack: at(COLLECTOR, 5002),
    };
    this.network = network;
    this.#options = options;
    this.#keys = tempFolder();
    Security.generate().save(this.#keys);
    this.run = new ChaosRun(endpoints, options.items);
  }

  /** Starts the processes of a host. */
  boot(host: number): void {
    const { run } = this;
    const launcher = this.network.launcher(host);
    const { wait, itemBytes, payloadBytes } = this.#options;
    const common: Changes = { keys: this.#keys, peerTimeout: PEER_TIMEOUT_MS };
    if (host === DISTRIBUTOR) {
      const sizes = itemBytes === undefined ? {} : { itemBytes };
      // A reboot takes workers and items with it again and again: no item is given up for that.
      const changes = { ...common, ...sizes, journal: run.journal, crashLimit: 1000 };
      this.#running.set(host, [run.distributor(changes, launcher)]);
    } else if (host === COLLECTOR) {
      this.#running.set(host, [run.collector(common, launcher)]);
    } else {
      const sizes = payloadBytes === undefined ? {} : { payloadBytes };
      const config = {
        role: "worker",
        endpoints: run.endpoints,
        wait,
        ...common,
        ...sizes,
      } as const;
      const workers = Array.from({ length: WORKERS_PER_HOST }, () => new RoleProcess(config, launcher));
      run.workers.push(...workers);
      this.#running.set(host, workers);
    }
  }

  /** Takes the power from hosts for a while: their processes end, and nobody is told. */
  async reboot(hosts: readonly number[], offMs: number): Promise<void> {
    const others = ALL.filter((host) => !hosts.includes(host));
    await this.network.changeBetween(hosts, others, { cut: true });
    const processes = hosts.flatMap((host) => this.#running.get(host) ?? []);
    for (const process of processes) process.kill("SIGKILL");
    await Promise.all(processes.map(({ exited }) => exited));
    await sleep(offMs);
    await this.network.changeBetween(hosts, others, { cut: false });
    for (const host of hosts) this.boot(host);
  }

  /** Cuts the ways between two groups of hosts for a while, in both directions. */
  async cut(some: readonly number[], others: readonly number[], ms: number): Promise<void> {
    await this.network.changeBetween(some, others, { cut: true });
    await sleep(ms);
    await this.network.changeBetween(some, others, { cut: false });
  }

  /** Cuts the ways from one group of hosts to another for a while, and not the ways back. */
  async cutOneWay(from: readonly number[], to: readonly number[], ms: number): Promise<void> {
    const set = async (cut: boolean) => {
      for (const a of from) for (const b of to) await this.network.change(a, b, { cut });
    };
    await set(true);
    await sleep(ms);
    await set(false);
  }

  /** Waits for the end, and checks what the collector wrote: nothing is lost, there twice, or invented. */
  async verdict(): Promise<RunSummary> {
    const [distributor] = this.#running.get(DISTRIBUTOR) ?? [];
    const [collector] = this.#running.get(COLLECTOR) ?? [];
    if (distributor === undefined || collector === undefined) throw new Error("A role was not started");
    const summary = await this.run.verdict(distributor, collector);
    expect(this.run.collected).toBe(this.run.items);
    return summary;
  }
}
