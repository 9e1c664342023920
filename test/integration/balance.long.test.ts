import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunSummary, WorkerSummary } from "../../src/index.ts";
import { freshEndpoints, tempFolder } from "../support/endpoints.ts";
import { RoleProcess } from "../support/processes.ts";

/** Runs 10 ms items over workers of the given handler times; the run begins when all of them are there. */
async function share(
  items: number,
  sleeps: readonly number[],
): Promise<{ executed: number[]; duration: number }> {
  const endpoints = await freshEndpoints("ipc");
  const collector = new RoleProcess({ role: "collector", endpoints });
  const workers = sleeps.map((sleep) => new RoleProcess({ role: "worker", endpoints, sleep }));
  const distributor = new RoleProcess({ role: "distributor", endpoints, items, workers: sleeps.length });
  const { duration } = await distributor.outcome<RunSummary>();
  await collector.outcome();
  const summaries = await Promise.all(workers.map((worker) => worker.outcome<WorkerSummary>()));
  return { executed: summaries.map(({ executed }) => executed), duration };
}

test("Four workers with 1,000 items of 10 ms execute equal shares within a few percent", async () => {
  const { executed } = await share(1000, Array(4).fill(10));
  expect(executed.reduce((sum, one) => sum + one)).toBe(1000);
  for (const one of executed) expect(Math.abs(one - 250) / 250).toBeLessThan(0.08);
});

test("A worker that is ten times slower gets its share and no more", async () => {
  const { executed } = await share(630, [10, 10, 100]);
  // 630 items at 2.1 per 10 ms are 300 rounds: 300 + 300 + 30.
  const [fast = 0, other = 0, slow = 0] = executed;
  expect(slow).toBeGreaterThanOrEqual(24);
  expect(slow).toBeLessThanOrEqual(36);
  expect(Math.abs(fast - other)).toBeLessThan(30);
});

test("A run of few long items has no item wait while a worker idles", async () => {
  const folder = tempFolder();
  const endpoints = await freshEndpoints("ipc");
  const collector = new RoleProcess({ role: "collector", endpoints });
  const logs = [0, 1, 2, 3].map((index) => join(folder, String(index)));
  for (const log of logs) writeFileSync(log, "");
  const workers = logs.map((log) => new RoleProcess({ role: "worker", endpoints, sleep: 1000, log }));
  const distributor = new RoleProcess({ role: "distributor", endpoints, items: 8, workers: 4 });
  await distributor.outcome<RunSummary>();
  await Promise.all([collector.outcome(), ...workers.map((worker) => worker.outcome())]);
  for (const log of logs) expect(readFileSync(log, "utf8").trim().split("\n").length).toBe(2);
});
