import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { freshEndpoints } from "../support/endpoints.ts";
import { long } from "../support/long.ts";
import { RoleProcess } from "../support/processes.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";

/** What V8 may still grow by as it finds its heap size, in bytes. Without windows each role grows by 127 to 468 MiB here. */
const HEAP_SLACK = 64 * 2 ** 20;

/** Resident memory of a process in bytes. */
function memoryOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;
}

test("A slow collector holds the producers back: items in flight stay within the windows", async () => {
  const endpoints = await freshEndpoints("tcp");
  class SlowCollector extends NumbersCollector {
    override async handleCollection(...args: Parameters<NumbersCollector["handleCollection"]>) {
      await sleep(1);
      return super.handleCollection(...args);
    }
  }
  const collector = new SlowCollector(endpoints);
  const task = new NumbersTask(endpoints, 1_000_000_000);
  let most = 0;
  const distributor = makeDistributor(endpoints, task, { maxWindow: 100 });
  const all = Promise.all([
    distributor.run(),
    new NumbersWorker(endpoints).run(),
    new NumbersWorker(endpoints).run(),
    collector.run(),
  ]);
  while (collector.seen.size < 1000) {
    most = Math.max(most, task.produced - collector.seen.size);
    await sleep(5);
  }
  expect(most).toBeGreaterThan(100); // the windows were full …
  expect(most).toBeLessThanOrEqual(2 * 100 + 1); // … and never more than full
  await distributor.stop();
  const [summary] = await all;
  expect(collector.hasEachOnce(summary.tasks.numbers?.items ?? 0)).toBe(true);
});

// Reads /proc.
(process.platform === "linux" ? long : test.skip)(
  "A slow collector lets the memory of every role stay flat",
  async () => {
    const endpoints = await freshEndpoints("ipc");
    const collector = new RoleProcess({ role: "collector", endpoints, wait: 0 });
    const worker = new RoleProcess({ role: "worker", endpoints, payloadBytes: 1000 });
    const distributor = new RoleProcess({ role: "distributor", endpoints, items: 100_000_000 });
    await worker.printed("working");
    await sleep(3000); // windows have filled, code is compiled
    const roles = [collector, worker, distributor];
    const early = roles.map(({ pid }) => memoryOf(pid));
    await sleep(6000);
    const late = roles.map(({ pid }) => memoryOf(pid));
    for (const [index, before] of early.entries())
      expect((late[index] ?? 0) - before).toBeLessThan(HEAP_SLACK);
  },
);
