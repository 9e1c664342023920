import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { CollectorSummary, WorkerSummary } from "../../src/index.ts";
import { limited, RoleProcess } from "../support/processes.ts";
import { type Direction, TcpProxy } from "../support/tcp-proxy.ts";
import { ChaosRun, ITEMS, isFull, pick } from "./chaos-run.ts";

const TIMEOUT = isFull ? 240_000 : 60_000;

/** Only with `npm run chaos`. */
const long = test.runIf(isFull);

describe(`A run of ${ITEMS} items loses, repeats and invents none`, { timeout: TIMEOUT }, () => {
  test("when every 200 ms a worker is killed and replaced", async () => {
    const run = await ChaosRun.begin("tcp");
    const collector = run.collector();
    for (let i = 0; i < 6; i++) run.worker({ sleep: 2 });
    const distributor = run.distributor();
    await run.reached(0.05);
    const kills = await run.until(0.8, 200, () => {
      const living = run.workers.filter((worker) => worker.isRunning);
      pick(living).kill("SIGKILL");
      run.worker({ sleep: 2 });
    });
    const summary = await run.verdict(distributor, collector);
    expect(kills).toBeGreaterThan(1);
    expect(summary.tasks.numbers?.retried).toBeGreaterThan(0);
  });

  long("when workers are stopped for longer than any role waits, and wake afterwards", async () => {
    const run = await ChaosRun.begin("ipc");
    const collector = run.collector();
    const workers = [0, 1, 2].map(() => run.worker({ sleep: isFull ? 2 : 6 }));
    const distributor = run.distributor();
    await Promise.all(workers.map((worker) => worker.printed("working")));
    await run.reached(0.1);
    for (const zombie of workers.slice(0, isFull ? 3 : 1)) {
      zombie.kill("SIGSTOP");
      await sleep(5000); // its heartbeat is missed after 4 s, its items are given away after 0.5 s
      zombie.kill("SIGCONT");
    }
    const summary = await run.verdict(distributor, collector);
    expect(summary.tasks.numbers?.retried).toBeGreaterThan(0);
  });

  test("when the collector is stopped for a while, and then killed and started again, five times", async () => {
    const run = await ChaosRun.begin("tcp");
    let collector = run.collector();
    for (let i = 0; i < 2; i++) run.worker({ sleep: 2 });
    const distributor = run.distributor();
    await run.reached(0.05);
    collector.kill("SIGSTOP");
    await sleep(2500);
    collector.kill("SIGCONT");
    for (let life = 1; life <= (isFull ? 5 : 2); life++) {
      await run.reached(life * 0.15);
      collector.kill("SIGKILL");
      collector = run.collector();
      await collector.printed("started");
    }
    await run.verdict(distributor, collector);
  });

  long("when the distributor is stopped for 20 s", async () => {
    const run = await ChaosRun.begin("tcp");
    const collector = run.collector();
    const workers = [0, 1].map(() => run.worker({ sleep: 2, peerTimeout: 60_000 }));
    const distributor = run.distributor();
    await Promise.all(workers.map((worker) => worker.printed("working")));
    await run.reached(0.2);
    distributor.kill("SIGSTOP");
    await sleep(20_000);
    distributor.kill("SIGCONT");
    const summary = await run.verdict(distributor, collector);
    // The distributor wakes up without taking its workers for dead.
    expect(summary.tasks.numbers?.retried).toBe(0);
  });

  test("when the distributor is killed and goes on with its journal, and the collector and workers die too", async () => {
    const run = await ChaosRun.begin("tcp");
    const { journal } = run;
    let collector = run.collector();
    let distributor = run.distributor({ journal });
    for (let i = 0; i < 3; i++) run.worker({ sleep: 2 });
    for (let life = 1; life <= (isFull ? 6 : 2); life++) {
      await run.reached(life * 0.13);
      if (life % 2 === 0) {
        collector.kill("SIGKILL");
        collector = run.collector();
      }
      if (life % 3 === 0) {
        pick(run.workers).kill("SIGKILL");
        run.worker({ sleep: 2 });
      }
      distributor.kill("SIGKILL");
      distributor = run.distributor({ journal });
      await distributor.printed("started");
    }
    await run.verdict(distributor, collector);
  });

  test("when a proxy cuts connections, or lets nothing through in one direction", async () => {
    const run = await ChaosRun.begin("tcp");
    const { task, collector: data, ack } = run.endpoints;
    const proxies = await Promise.all([task, data, data, ack].map((endpoint) => TcpProxy.before(endpoint)));
    const [toTask, toData, toDataToo, toAck] = proxies.map(({ endpoint }) => endpoint) as [
      string,
      string,
      string,
      string,
    ];
    const collector = run.collector();
    for (let i = 0; i < 2; i++)
      run.worker({ sleep: 4, endpoints: { ...run.endpoints, task: toTask, collector: toData } });
    const distributor = run.distributor({
      endpoints: { ...run.endpoints, collector: toDataToo, ack: toAck },
    });
    for (let round = 1; round <= (isFull ? 8 : 3); round++) {
      await run.reached(round * 0.1);
      for (let cuts = 0; cuts < 3; cuts++) {
        pick(proxies).cut();
        await sleep(200);
      }
      pick(proxies).mute(pick<Direction>(["toServer", "toClient"]));
    }
    await run.verdict(distributor, collector);
    expect(proxies.reduce((sum, { cuts }) => sum + cuts, 0)).toBeGreaterThan(0);
    expect(proxies.reduce((sum, { mutes }) => sum + mutes, 0)).toBeGreaterThan(0);
  });

  long(
    "when an item kills every worker that takes it: the item is given up, and no other is blamed",
    async () => {
      const run = await ChaosRun.begin("ipc");
      const poison = Math.floor(run.items / 2);
      const failures = (collector: RoleProcess) =>
        collector.outcome<CollectorSummary & { failures: { code: string; attempts: number }[] }>();
      const collector = run.collector();
      const distributor = run.distributor();
      const start = () => {
        const worker = run.worker({ sleep: 2, exitOn: poison });
        void worker.exited.then(() => {
          if (worker.child.exitCode === 7 && distributor.isRunning) start();
        });
      };
      for (let i = 0; i < 3; i++) start();
      await run.verdict(distributor, collector, [poison]);
      expect((await failures(collector)).failures).toEqual([{ code: "WORKER_LOST", attempts: 3 }]);
    },
  );

  long("when a worker joins after its end: the worker is told, or gives up in its time", async () => {
    const run = await ChaosRun.begin("tcp", 100);
    const collector = run.collector();
    const first = run.worker();
    const distributor = run.distributor();
    await run.reached(1);
    const late = run.worker({ peerTimeout: 2000 });
    await late.exited;
    await run.verdict(distributor, collector);
    expect((await first.outcome<WorkerSummary>()).executed).toBe(100);
    if (late.child.exitCode === 0) expect(await late.outcome<WorkerSummary>()).toMatchObject({ executed: 0 });
    else expect(late.errors).toContain("No distributor answered at");
    const after = run.worker({ peerTimeout: 500 });
    await after.exited;
    expect(after.errors).toContain("No distributor answered at");
  });

  test("when the journal's disk is full: the run stops loudly, and goes on when there is room", async () => {
    const run = await ChaosRun.begin("tcp");
    const { journal } = run;
    const collector = run.collector();
    run.worker();
    const cramped = run.distributor({ journal }, limited("-f 4")); // KiB
    await Promise.all([cramped.exited, collector.exited, ...run.workers.map(({ exited }) => exited)]);
    expect(cramped.child.exitCode).toBe(1);
    expect(cramped.errors).toContain("JOURNAL_WRITE_FAILED");
    expect(cramped.errors).toContain("the file is larger than is allowed");
    expect(collector.errors).toContain("RUN_ABORTED");
    expect(run.collected).toBeLessThan(run.items);
    const again = run.collector();
    run.worker();
    await run.verdict(run.distributor({ journal }), again);
  });

  long("when the collector's disk is full: the collector ends, and the next one goes on", async () => {
    const run = await ChaosRun.begin("tcp");
    const full = run.collector({}, limited("-f 8"));
    const workers = [0, 1].map(() => run.worker({ sleep: 1 }));
    const distributor = run.distributor();
    await Promise.all(workers.map((worker) => worker.printed("working")));
    await full.exited;
    expect(full.errors).toContain("COLLECTION_FAILED");
    expect(full.errors).toContain("EFBIG");
    await run.verdict(distributor, run.collector());
  });

  long(
    "when there are too few file descriptors for all connections: the run ends, and goes on with more descriptors",
    async () => {
      const run = await ChaosRun.begin("tcp");
      const { journal } = run;
      const limits = limited("-n 100");
      const peers = { peerTimeout: 5000 };
      const collector = run.collector(peers, limits);
      // Workers that get no connection give up after 5 s with their items: to the distributor they look killed.
      const distributor = run.distributor({ journal, crashLimit: 1000, ...peers }, limits);
      run.worker({ sleep: 2 });
      await run.reached(0.05);
      const crowd = [0, 1].map(
        () => new RoleProcess({ role: "workers", endpoints: run.endpoints, count: 80, wait: 20, ...peers }),
      );
      // Connected workers work on; libzmq may also end the process when it gets no descriptor.
      await Promise.all([collector, distributor, ...crowd].map(({ exited }) => exited));
      const again = run.collector();
      run.worker();
      // With a lower limit, items that the journal counts as lost more often would be given up.
      await run.verdict(run.distributor({ journal, crashLimit: 1000 }), again);
    },
  );

  long("with 500 workers", async () => {
    const run = await ChaosRun.begin("tcp");
    const collector = run.collector();
    const distributor = run.distributor();
    const crowd = Array.from(
      { length: 10 },
      () => new RoleProcess({ role: "workers", endpoints: run.endpoints, count: 50, wait: 50 }),
    );
    await run.verdict(distributor, collector);
    const executed = await Promise.all(crowd.map((workers) => workers.outcome<WorkerSummary>()));
    expect(executed.every((summary) => summary.executed > 0)).toBe(true);
  });
});
