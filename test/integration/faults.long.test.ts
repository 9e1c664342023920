import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunSummary, WorkerSummary } from "../../src/index.ts";
import { freshEndpoints, tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";
import { RoleProcess } from "../support/processes.ts";

/** What the collector wrote, read independently of what it says. */
function written(file: string): Map<number, number> {
  const counts = new Map<number, number>();
  for (const line of readFileSync(file, "utf8").trim().split("\n")) {
    counts.set(Number(line), (counts.get(Number(line)) ?? 0) + 1);
  }
  return counts;
}

long("A worker whose handler blocks its event loop for 5 s is not taken for dead", async () => {
  const endpoints = await freshEndpoints("tcp");
  const folder = tempFolder();
  const logs = [join(folder, "a"), join(folder, "b")];
  const collector = new RoleProcess({ role: "collector", endpoints });
  const workers = logs.map(
    (log) => new RoleProcess({ role: "worker", endpoints, sleep: 5, log, blockOn: { n: 20, ms: 5000 } }),
  );
  const distributor = new RoleProcess({ role: "distributor", endpoints, items: 200 });
  const summary = await distributor.outcome<RunSummary>();
  expect(summary.tasks.numbers).toEqual({ items: 200, acked: 200, failed: 0, retried: 0, skipped: 0 });
  expect(summary.duration).toBeGreaterThan(4900);
  await Promise.all([collector.outcome(), ...workers.map((worker) => worker.outcome())]);
  // What blocks was begun once. Others went to the other worker meanwhile, some again: those whose results had not left the blocked one.
  const begun = logs.flatMap((log) => readFileSync(log, "utf8").trim().split("\n"));
  expect(new Set(begun).size).toBe(200);
  expect(begun.filter((n) => n === "20")).toHaveLength(1);
});

test("An item whose handler blocks for longer than the task's timeout goes to another worker; its result counts once", async () => {
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
