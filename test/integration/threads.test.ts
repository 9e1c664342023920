import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { EndpointAddress, MultiThreadedWorker, TaskType } from "zmqpipeline";
import type { CollectorSummary, RunSummary, WorkerSummary } from "../../src/index.ts";
import { freshEndpoints, tempFolder } from "../support/endpoints.ts";
import { long } from "../support/long.ts";
import { RoleProcess } from "../support/processes.ts";

interface Collected extends CollectorSummary {
  readonly distinct: number;
  readonly repeated: number;
  readonly failures: readonly { readonly code: string; readonly attempts: number }[];
}

long(
  "Items that end their thread, or that the main thread refuses, fail; all others are collected",
  async () => {
    const endpoints = await freshEndpoints("ipc");
    const items = 3000;
    const collector = new RoleProcess({ role: "collector", endpoints });
    const worker = new RoleProcess({ role: "threads", endpoints, exitOn: 1000, refuse: 2000 });
    const distributor = new RoleProcess({ role: "distributor", endpoints, items });
    const summary = await distributor.outcome<RunSummary>();
    expect(summary.tasks.numbers).toMatchObject({ items, acked: items - 2, failed: 2 });
    const collected = await collector.outcome<Collected>();
    expect(collected).toMatchObject({ collected: items - 2, distinct: items - 2, repeated: 0, failed: 2 });
    expect(collected.failures).toHaveLength(2);
    expect(collected.failures).toContainEqual({ code: "THREAD_LOST", attempts: 3 });
    expect(collected.failures).toContainEqual({ code: "", attempts: 1 });
    // The process ends by itself.
    expect(await worker.outcome<WorkerSummary>()).toMatchObject({ executed: items - 2 });
  },
);

long(
  "A worker with threads that is killed has its items go to another worker, and each is collected once",
  async () => {
    const endpoints = await freshEndpoints("tcp");
    const items = 2000;
    const collector = new RoleProcess({ role: "collector", endpoints });
    const [victim, survivor] = [0, 1].map(
      () => new RoleProcess({ role: "threads", endpoints, threads: 3, sleep: 5 }),
    ) as [RoleProcess, RoleProcess];
    const distributor = new RoleProcess({ role: "distributor", endpoints, items, workers: 2 });
    await Promise.all([victim.printed("working"), survivor.printed("working")]);
    await sleep(300); // in the middle of the work
    victim.kill("SIGKILL");
    const summary = await distributor.outcome<RunSummary>();
    expect(summary.tasks.numbers).toMatchObject({ items, acked: items, failed: 0 });
    expect(summary.tasks.numbers?.retried).toBeGreaterThan(0);
    expect(await collector.outcome<Collected>()).toMatchObject({ distinct: items, repeated: 0 });
    await survivor.outcome();
  },
);

long(
  "stop() of a worker with threads lets running items end and gives the others back; nothing is executed twice",
  async () => {
    const endpoints = await freshEndpoints("ipc");
    const log = join(tempFolder(), "executed");
    const items = 400;
    const collector = new RoleProcess({ role: "collector", endpoints });
    const leaver = new RoleProcess({ role: "threads", endpoints, sleep: 10, log, stopAfter: 300 });
    const stayer = new RoleProcess({ role: "threads", endpoints, sleep: 10, log });
    const distributor = new RoleProcess({ role: "distributor", endpoints, items, workers: 2 });
    const left = await leaver.outcome<WorkerSummary>();
    expect(left.failed).toBe(0);
    const summary = await distributor.outcome<RunSummary>();
    expect(summary.tasks.numbers).toEqual({ items, acked: items, failed: 0, retried: 0, skipped: 0 });
    await Promise.all([collector.outcome(), stayer.outcome()]);
    expect(readFileSync(log, "utf8").trim().split("\n").length).toBe(items);
  },
);

long(
  "stop() of a worker with threads ends a thread that hangs at its deadline; the process ends, and the item goes to another",
  async () => {
    const endpoints = await freshEndpoints("ipc");
    const items = 200;
    const collector = new RoleProcess({ role: "collector", endpoints });
    const hung = new RoleProcess({
      role: "threads",
      endpoints,
      sleep: 5,
      loopOn: 0,
      stopAfter: 200,
      stopTimeout: 300,
    });
    const distributor = new RoleProcess({ role: "distributor", endpoints, items });
    await hung.printed("working");
    const other = new RoleProcess({ role: "threads", endpoints, sleep: 5 });
    expect(await hung.outcome<WorkerSummary>()).toMatchObject({ failed: 0 });
    const summary = await distributor.outcome<RunSummary>();
    expect(summary.tasks.numbers).toMatchObject({ items, acked: items, failed: 0 });
    expect(await collector.outcome<Collected>()).toMatchObject({ distinct: items, repeated: 0 });
    await other.outcome();
  },
);

test("An error in a worker's threads is an error of run(), also without a distributor", async () => {
  const endpoints = await freshEndpoints("inproc");
  class Unexported extends MultiThreadedWorker {
    module: string | URL = import.meta.url;
    override nThreads = 1;
    readonly taskType = TaskType.register("numbers");
    readonly endpoint = new EndpointAddress(endpoints.task);
    readonly collectorEndpoint = new EndpointAddress(endpoints.collector);
    override handleThreadExecution() {}
  }
  const without = new Unexported();
  without.module = "";
  await expect(without.run()).rejects.toThrow(
    new TypeError("Unexported.module must be the URL of the file that exports Unexported: import.meta.url"),
  );
  const none = new Unexported();
  none.nThreads = 0;
  await expect(none.run()).rejects.toThrow(
    new RangeError("Unexported.nThreads 0 must be an integer from 1 to 1024"),
  );
  const lost = new Unexported();
  lost.module = new URL("no-such-file.js", import.meta.url);
  await expect(lost.run()).rejects.toMatchObject({ code: "INIT_FAILED", role: "worker" });
  const unexported = new Unexported();
  unexported.module = new URL("../fixtures/conformance-worker.ts", import.meta.url);
  await expect(unexported.run()).rejects.toMatchObject({
    code: "INIT_FAILED",
    message: expect.stringContaining("does not export the class Unexported"),
  });
});
