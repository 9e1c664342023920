import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { CollectorSummary, RunSummary, WorkerSummary } from "../../src/index.ts";
import { freshEndpoints, tempFolder } from "../support/endpoints.ts";
import { RoleProcess } from "../support/processes.ts";

type Collected = CollectorSummary & { distinct: number; repeated: number };

/** What the collector wrote, read independently of what it says. */
function written(file: string): Map<number, number> {
  const counts = new Map<number, number>();
  for (const line of readFileSync(file, "utf8").trim().split("\n")) {
    counts.set(Number(line), (counts.get(Number(line)) ?? 0) + 1);
  }
  return counts;
}

test("a worker killed with SIGKILL mid-run and one joining late: nothing lost, nothing collected twice", async () => {
  const endpoints = await freshEndpoints("tcp");
  const log = join(tempFolder(), "collected");
  const items = 1500;
  const collector = new RoleProcess({ role: "collector", endpoints, log });
  const victim = new RoleProcess({ role: "worker", endpoints, sleep: 2 });
  const survivor = new RoleProcess({ role: "worker", endpoints, sleep: 2 });
  const distributor = new RoleProcess({ role: "distributor", endpoints, items });
  await Promise.all([victim.printed("working"), survivor.printed("working")]);
  await sleep(300); // in the middle of the work
  victim.kill("SIGKILL");
  const late = new RoleProcess({ role: "worker", endpoints, sleep: 2 });
  const summary = await distributor.outcome<RunSummary>();
  expect(summary.tasks.numbers).toMatchObject({ items, acked: items, failed: 0 });
  expect(summary.tasks.numbers?.retried).toBeGreaterThan(0);
  const collected = await collector.outcome<Collected>();
  expect(collected).toMatchObject({ collected: items, distinct: items, repeated: 0 });
  expect((await late.outcome<WorkerSummary>()).executed).toBeGreaterThan(0);
  await survivor.outcome();
  const lines = written(log);
  expect(lines.size).toBe(items);
  expect([...lines.values()].every((times) => times === 1)).toBe(true);
});

test("a worker whose handler blocks its event loop for 5 s is not taken for dead", async () => {
  const endpoints = await freshEndpoints("tcp");
  const folder = tempFolder();
  const logs = [join(folder, "a"), join(folder, "b")];
  const collector = new RoleProcess({ role: "collector", endpoints });
  const workers = logs.map(
    (log) => new RoleProcess({ role: "worker", endpoints, sleep: 5, log, blockOn: { n: 20, ms: 5000 } }),
  );
  const distributor = new RoleProcess({ role: "distributor", endpoints, items: 200 });
  const summary = await distributor.outcome<RunSummary>();
  expect(summary.tasks.numbers).toEqual({ items: 200, acked: 200, failed: 0, retried: 0 });
  expect(summary.duration).toBeGreaterThan(4900);
  await Promise.all([collector.outcome(), ...workers.map((worker) => worker.outcome())]);
  // Each item was begun once: none was given to another worker meanwhile.
  const begun = logs.map((log) => readFileSync(log, "utf8")).join("");
  expect(begun.trim().split("\n").length).toBe(200);
});

test("a worker stopped with SIGSTOP is taken for dead and its items move; woken, it changes nothing", async () => {
  const endpoints = await freshEndpoints("tcp");
  const log = join(tempFolder(), "collected");
  const items = 1000;
  const collector = new RoleProcess({ role: "collector", endpoints, log });
  const stopped = new RoleProcess({ role: "worker", endpoints, sleep: 2 });
  const other = new RoleProcess({ role: "worker", endpoints, sleep: 2 });
  const distributor = new RoleProcess({ role: "distributor", endpoints, items });
  await Promise.all([stopped.printed("working"), other.printed("working")]);
  await sleep(300);
  stopped.kill("SIGSTOP");
  const summary = await distributor.outcome<RunSummary>();
  expect(summary.tasks.numbers).toMatchObject({ items, acked: items, failed: 0 });
  expect(summary.tasks.numbers?.retried).toBeGreaterThan(0);
  await Promise.all([collector.outcome(), other.outcome()]);
  expect([...written(log).values()].every((times) => times === 1)).toBe(true);
  expect(written(log).size).toBe(items);
  stopped.kill("SIGCONT");
});

test("a stopped worker that wakes up during the run delivers late results, which count once", async () => {
  const endpoints = await freshEndpoints("ipc");
  const log = join(tempFolder(), "collected");
  const items = 2500;
  const collector = new RoleProcess({ role: "collector", endpoints, log });
  const zombie = new RoleProcess({ role: "worker", endpoints, sleep: 2 });
  const other = new RoleProcess({ role: "worker", endpoints, sleep: 2 });
  const distributor = new RoleProcess({ role: "distributor", endpoints, items });
  await Promise.all([zombie.printed("working"), other.printed("working")]);
  await sleep(300);
  zombie.kill("SIGSTOP");
  await sleep(3000);
  zombie.kill("SIGCONT");
  const summary = await distributor.outcome<RunSummary>();
  expect(summary.tasks.numbers).toMatchObject({ items, acked: items, failed: 0 });
  await Promise.all([collector.outcome(), other.outcome(), zombie.outcome()]);
  expect(written(log).size).toBe(items);
  expect([...written(log).values()].every((times) => times === 1)).toBe(true);
});

test("a collector killed mid-run and started again: nothing lost, and once per collector life", async () => {
  const endpoints = await freshEndpoints("tcp");
  const folder = tempFolder();
  const logs = [join(folder, "first"), join(folder, "second")] as const;
  const items = 800;
  const first = new RoleProcess({ role: "collector", endpoints, log: logs[0] });
  const workers = [0, 1].map(() => new RoleProcess({ role: "worker", endpoints, sleep: 2 }));
  const distributor = new RoleProcess({ role: "distributor", endpoints, items });
  await Promise.all(workers.map((worker) => worker.printed("working")));
  await sleep(300);
  first.kill("SIGKILL");
  const second = new RoleProcess({ role: "collector", endpoints, log: logs[1] });
  const summary = await distributor.outcome<RunSummary>();
  expect(summary.tasks.numbers).toMatchObject({ items, acked: items, failed: 0 });
  await Promise.all([second.outcome(), ...workers.map((worker) => worker.outcome())]);
  const [early, late] = logs.map(written) as [Map<number, number>, Map<number, number>];
  expect(early.size).toBeGreaterThan(0);
  expect(new Set([...early.keys(), ...late.keys()]).size).toBe(items);
  for (const life of [early, late]) expect([...life.values()].every((times) => times === 1)).toBe(true);
});

test("a handler that blocks for longer than the task's timeout loses its item to another worker; its late result counts once", async () => {
  const endpoints = await freshEndpoints("tcp");
  const log = join(tempFolder(), "collected");
  const items = 800;
  const collector = new RoleProcess({ role: "collector", endpoints, log });
  const hung = new RoleProcess({ role: "worker", endpoints, sleep: 10, blockFirst: 6000 });
  const other = new RoleProcess({ role: "worker", endpoints, sleep: 10 });
  const distributor = new RoleProcess({ role: "distributor", endpoints, items, workers: 2, timeout: 300 });
  await hung.printed("blocking");
  const summary = await distributor.outcome<RunSummary>();
  expect(summary.tasks.numbers).toMatchObject({ items, acked: items, failed: 0 });
  expect(summary.tasks.numbers?.retried).toBeGreaterThan(0);
  await Promise.all([collector.outcome(), other.outcome()]);
  // It worked on after it had answered again.
  expect((await hung.outcome<WorkerSummary>()).executed).toBeGreaterThan(1);
  expect(written(log).size).toBe(items);
  expect([...written(log).values()].every((times) => times === 1)).toBe(true);
});
