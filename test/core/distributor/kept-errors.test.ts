import { expect, test } from "vitest";
import { KeptErrors } from "../../../src/core/distributor/kept-errors.ts";
import { TaskLedger } from "../../../src/core/distributor/task-ledger.ts";
import { WorkerRecord } from "../../../src/core/distributor/worker-record.ts";

const LARGE = {
  name: "N".repeat(48_000),
  message: "M".repeat(48_000),
  stack: "S".repeat(48_000),
  code: "C".repeat(48_000),
  detail: new Uint8Array(65_000),
};

test("KeptErrors cuts errors for which there is no room, until the collector has confirmed others", () => {
  const kept = new KeptErrors();
  const all = Array.from({ length: 10_000 }, () => {
    const error = kept.bounded(LARGE);
    kept.add(error);
    return error;
  });
  const whole = all.filter((error) => error === LARGE);
  expect(whole.length).toBeGreaterThan(50);
  expect(whole.length).toBeLessThan(70);
  const { name, message, stack, code, detail } = all.at(-1) ?? LARGE;
  expect([name.length, message.length, stack, code.length, detail]).toEqual([128, 1024, "", 128, undefined]);
  for (const error of all) kept.remove(error);
  expect(kept.bounded(LARGE)).toBe(LARGE);
});

test("A task produces no more items while 8,192 failed ones wait for the collector", () => {
  const task = new TaskLedger({
    name: "t",
    dependencies: [],
    retry: { attempts: 1, backoff: 100, maxBackoff: 100 },
    timeoutMs: 0,
    source: { pull: () => new Uint8Array(1) },
  });
  task.open(0);
  const limits = { maxWindow: 100, windowBytes: 1e6, windowTimeMs: 300 };
  const worker = new WorkerRecord({ peerId: "w", ticket: "" }, task, "c", limits, 0);
  const failed = Array.from({ length: 8192 }, () => {
    const item = task.next(worker, 1, 0);
    if (item === undefined) throw new Error("nothing was produced");
    task.giveUp(item, { name: "Error", message: "", stack: "", code: "" }, 0);
    return item;
  });
  expect([task.next(worker, 1, 0), task.errors.isFull, failed.length]).toEqual([undefined, true, 8192]);
  task.settle(failed[0] as NonNullable<(typeof failed)[0]>, "failed");
  expect(task.next(worker, 1, 0)).toMatchObject({ seq: 8192 });
});
