import { expect, test } from "vitest";
import { counted, duration, Rates, taskLine } from "../../src/cli/progress-text.ts";
import { NO_PACE } from "../support/no-pace.ts";

test.each([
  [0.0123, "12 µs"],
  [0.172, "170 µs"],
  [0.9996, "1000 µs"],
  [4.3891, "4.39 ms"],
  [999, "999 ms"],
  [1000, "1.0 s"],
  [59_400, "59 s"],
  [61_000, "1 min 1 s"],
  [3_600_000 * 2.5, "2 h 30 min"],
])("The duration text of %d ms is %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  [0, "0 items"],
  [1, "1 item"],
  [2000, "2,000 items"],
])("The number %d with its noun is %s", (value, text) => {
  expect(counted(value, "item")).toBe(text);
});

const task = {
  items: 50,
  acked: 40,
  failed: 2,
  retried: 3,
  skipped: 0,
  phase: "open",
  total: 1200,
  waitsFor: [],
  inFlight: 8,
  workers: 1,
  pace: NO_PACE,
} as const;

test("A progress line has done and total, rate, time left, items under way, and failures", () => {
  expect(taskLine("square", task, 10, 8)).toBe(
    "square    42/1,200 (3 %)  10/s  1 min 55 s left  8 in flight  1 worker  3 retried  2 failed",
  );
  expect(taskLine("square", { ...task, total: undefined }, undefined, 6)).toBe(
    "square  42  8 in flight  1 worker  3 retried  2 failed",
  );
  expect(taskLine("cube", { ...task, phase: "blocked", waitsFor: ["square", "root"] }, 0, 4)).toBe(
    "cube  waits for square, root",
  );
  expect(taskLine("done", { ...task, phase: "complete", acked: 48, retried: 0 }, 0, 4)).toBe(
    "done  50/50 (100 %)  done  2 failed",
  );
});

test("A progress rate is known from the second sample on, and follows the run", () => {
  const rates = new Rates();
  const look = (acked: number, now: number) =>
    rates.update({ workers: 1, tasks: { square: { ...task, acked, failed: 0 } } }, now).get("square");
  expect(look(0, 0)).toBeUndefined();
  expect(look(100, 1000)).toBe(100);
  expect(look(300, 2000)).toBe(150);
  expect(look(300, 12_000)).toBeLessThan(1);
});
