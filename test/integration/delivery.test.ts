import { describe, expect, test } from "vitest";
import type { CollectorSummary, EndpointScheme, RunSummary } from "../../src/index.ts";
import { freshEndpoints } from "../support/endpoints.ts";
import { long } from "../support/long.ts";
import { RoleProcess } from "../support/processes.ts";
import { makeDistributor, NumbersCollector, NumbersTask, NumbersWorker } from "../support/roles.ts";

const ITEMS = 20_000;

const ORDERS = [
  ["distributor", "worker", "collector"],
  ["collector", "worker", "distributor"],
  ["worker", "distributor", "collector"],
  ["worker", "collector", "distributor"],
  ["distributor", "collector", "worker"],
  ["collector", "distributor", "worker"],
] as const;

async function runInOneProcess(scheme: EndpointScheme, order: readonly string[]) {
  const endpoints = await freshEndpoints(scheme);
  const collector = new NumbersCollector(endpoints);
  const distributor = makeDistributor(endpoints, new NumbersTask(endpoints, ITEMS));
  const workers = [new NumbersWorker(endpoints), new NumbersWorker(endpoints)];
  const start = {
    distributor: () => [distributor.run()],
    collector: () => [collector.run()],
    worker: () => workers.map((worker) => worker.run()),
  };
  const running: Promise<unknown>[] = [];
  for (const role of order) {
    running.push(...start[role as keyof typeof start]());
    await new Promise((resolve) => setTimeout(resolve, 30)); // a head start, so that the order is one
  }
  await Promise.all(running);
  return { collector, summary: await (running[order.indexOf("distributor")] as Promise<unknown>) };
}

/** In `npm test`, each scheme has two orders of its own. */
const OWN_ORDERS = 2;

describe.each(["tcp", "ipc", "inproc"].map((scheme, place) => [scheme as EndpointScheme, place] as const))(
  "A run over %s of 20,000 items and 2 workers in one process",
  (scheme, place) => {
    for (const [index, order] of ORDERS.entries()) {
      const run = Math.floor(index / OWN_ORDERS) === place ? test : long;
      run(`collects each item exactly once, started in the order ${order.join(", ")}`, async () => {
        const { collector } = await runInOneProcess(scheme, order);
        expect(collector.hasEachOnce(ITEMS)).toBe(true);
        expect(collector.finished).toBe(1);
      });
    }
  },
);

describe.each([
  ["tcp", long, ORDERS[1]],
  ["ipc", long, ORDERS[2]],
  ["tcp", long, ORDERS[2]],
  ["ipc", long, ORDERS[1]],
] as const)("%s: 20,000 items over 2 worker processes", (scheme, run, order) => {
  run(`each collected exactly once, started as ${order.join(", ")}`, async () => {
    const endpoints = await freshEndpoints(scheme);
    const processes = new Map<string, RoleProcess[]>();
    for (const role of order) {
      const started = Array.from(
        { length: role === "worker" ? 2 : 1 },
        () => new RoleProcess({ role, endpoints, items: ITEMS }),
      );
      processes.set(role, started);
      for (const one of started) await one.printed("started");
    }
    const [distributor] = processes.get("distributor") ?? [];
    const [collector] = processes.get("collector") ?? [];
    const summary = await distributor?.outcome<RunSummary>();
    expect(summary?.status).toBe("complete");
    expect(summary?.tasks.numbers).toEqual({
      items: ITEMS,
      acked: ITEMS,
      failed: 0,
      retried: 0,
      skipped: 0,
    });
    const collected = await collector?.outcome<CollectorSummary & { distinct: number; repeated: number }>();
    expect(collected).toMatchObject({ collected: ITEMS, distinct: ITEMS, repeated: 0, failed: 0 });
    const executed = await Promise.all(
      (processes.get("worker") ?? []).map((one) => one.outcome<{ executed: number }>()),
    );
    expect(executed.reduce((sum, one) => sum + one.executed, 0)).toBe(ITEMS);
  });
});
