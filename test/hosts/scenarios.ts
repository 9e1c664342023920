import { setTimeout as sleep } from "node:timers/promises";
import { ALL, COLLECTOR, DISTRIBUTOR, type HostsRun, type HostsRunOptions, WORKERS } from "./hosts-run.ts";

/** A fault of the network or of hosts. It begins when the run is under way, and is over when the promise resolves. */
export interface Scenario {
  readonly name: string;
  /** Part of `npm run test:all`; the others are in `npm run test:hosts`. */
  readonly isShort?: boolean;
  /** Where it is not {@link ITEMS} items of a ms. */
  readonly options?: HostsRunOptions;
  /** The network is slow, and no peer is dead: no item is executed again. */
  readonly isOnlySlow?: boolean;
  fault(hosts: HostsRun): Promise<void>;
}

const [D, C] = [[DISTRIBUTOR], [COLLECTOR]];

/** All pairs of hosts get these ways. */
async function everywhere(
  { network }: HostsRun,
  changes: Parameters<HostsRun["network"]["change"]>[2],
): Promise<void> {
  await network.changeBetween(ALL, ALL, changes);
}

async function slowUplinks({ network }: HostsRun): Promise<void> {
  for (const host of ALL) await network.limit(host, 10_000_000);
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "distributor and workers are cut off for 3 s",
    isShort: true,
    fault: (run) => run.cut(D, WORKERS, 3000),
  },
  { name: "distributor and workers are cut off for 15 s", fault: (run) => run.cut(D, WORKERS, 15_000) },
  { name: "distributor and workers are cut off for 60 s", fault: (run) => run.cut(D, WORKERS, 60_000) },
  {
    name: "nothing gets from distributor to workers for 15 s",
    fault: (run) => run.cutOneWay(D, WORKERS, 15_000),
  },
  {
    name: "nothing gets from workers to distributor for 15 s",
    fault: (run) => run.cutOneWay(WORKERS, D, 15_000),
  },
  { name: "collector and workers are cut off for 15 s", fault: (run) => run.cut(C, WORKERS, 15_000) },
  { name: "collector and workers are cut off for 60 s", fault: (run) => run.cut(C, WORKERS, 60_000) },
  {
    name: "nothing gets from workers to collector for 15 s",
    fault: (run) => run.cutOneWay(WORKERS, C, 15_000),
  },
  {
    name: "nothing gets from collector to workers for 3 s",
    isShort: true,
    fault: (run) => run.cutOneWay(C, WORKERS, 3000),
  },
  { name: "distributor and collector are cut off for 15 s", fault: (run) => run.cut(D, C, 15_000) },
  {
    name: "nothing gets from distributor to collector for 15 s",
    fault: (run) => run.cutOneWay(D, C, 15_000),
  },
  {
    name: "nothing gets from collector to distributor for 60 s",
    fault: (run) => run.cutOneWay(C, D, 60_000),
  },
  {
    name: "each host is cut off from all for 3 s",
    fault: async (run) => {
      for (const host of ALL)
        await run.cut(
          [host],
          ALL.filter((other) => other !== host),
          3000,
        );
    },
  },
  {
    name: "all links flap: 2 s up, 2 s down, ten times",
    fault: async (run) => {
      for (let time = 0; time < 10; time++) {
        await run.cut(ALL, ALL, 2000);
        await sleep(2000);
      }
    },
  },
  {
    name: "a worker's host gets another address",
    isShort: true,
    fault: (run) => run.network.readdress(2, "10.77.0.20"),
  },
  { name: "the distributor's host reboots", fault: (run) => run.reboot(D, 3000) },
  { name: "the collector's host reboots", fault: (run) => run.reboot(C, 3000) },
  {
    name: "each worker's host reboots",
    fault: async (run) => {
      for (const host of WORKERS) await run.reboot([host], 3000);
    },
  },
  { name: "all hosts reboot together", isShort: true, fault: (run) => run.reboot(ALL, 1000) },
  {
    name: "all hosts reboot five times in a row",
    fault: async (run) => {
      for (let time = 0; time < 5; time++) {
        await run.reboot(ALL, 500);
        await sleep(1500);
      }
    },
  },
  {
    name: "the distributor's host reboots five times in a row",
    fault: async (run) => {
      for (let time = 0; time < 5; time++) {
        await run.reboot(D, 500);
        await sleep(1500);
      }
    },
  },
  { name: "50 ms each way", isOnlySlow: true, fault: (run) => everywhere(run, { delayMs: 50 }) },
  { name: "200 ms each way", fault: (run) => everywhere(run, { delayMs: 200 }) },
  { name: "1 % of the packets are lost", fault: (run) => everywhere(run, { lossPercent: 1 }) },
  {
    name: "5 % of the packets are lost, 20 ms each way",
    fault: (run) => everywhere(run, { lossPercent: 5, delayMs: 20 }),
  },
  { name: "10 Mbit/s", isOnlySlow: true, fault: slowUplinks },
  {
    name: "10 Mbit/s, items and results of 1 MB",
    options: { items: 40, wait: 1, itemBytes: 1_000_000, payloadBytes: 1_000_000 },
    isOnlySlow: true,
    fault: slowUplinks,
  },
  {
    name: "10 Mbit/s, items and results of 4 MB",
    options: { items: 10, wait: 1, itemBytes: 4_000_000, payloadBytes: 4_000_000 },
    isOnlySlow: true,
    fault: slowUplinks,
  },
];
