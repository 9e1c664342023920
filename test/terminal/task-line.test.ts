import { describe, expect, test } from "vitest";
import type { TaskProgress } from "../../src/index.ts";
import { bar } from "../../src/terminal/bar.ts";
import { paintFor, plain } from "../../src/terminal/colours.ts";
import { clock, counted, duration } from "../../src/terminal/quantities.ts";
import { shownLine } from "../../src/terminal/shown-line.ts";
import { nameWidthOf, taskLine } from "../../src/terminal/task-line.ts";
import { truncated, widthOf } from "../../src/terminal/text-width.ts";
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
  [0, "0:00"],
  [45_900, "0:45"],
  [725_000, "12:05"],
  [3_723_000, "1:02:03"],
])("The clock text of %d ms is %s", (ms, text) => {
  expect(clock(ms)).toBe(text);
});

test.each([
  [0, "0 items"],
  [1, "1 item"],
  [2000, "2,000 items"],
])("The number %d with its noun is %s", (value, text) => {
  expect(counted(value, "item")).toBe(text);
});

const task: TaskProgress = {
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
  oldest: undefined,
  pace: { ...NO_PACE, expected: 1200 },
};

const unlimited = { nameWidth: 8, width: Number.POSITIVE_INFINITY, hasBar: false, paint: plain };

/** The task with another pace. */
const paced = (pace: Partial<TaskProgress["pace"]>): TaskProgress => ({
  ...task,
  pace: { ...task.pace, ...pace },
});

describe("A progress line", () => {
  test("has failures first, done and total, rate, time left, time passed, items under way", () => {
    expect(taskLine("square", paced({ rate: 10, timeLeft: 115_800, duration: 4200 }), unlimited)).toBe(
      "square    2 failed  42/1,200 (3 %)  10/s  1 min 55 s left  0:04  8 in flight  1 worker  3 retried",
    );
    expect(taskLine("square", paced({ expected: undefined }), { ...unlimited, nameWidth: 6 })).toBe(
      "square  2 failed  42  8 in flight  1 worker  3 retried",
    );
    const done = paced({ expected: 50 });
    expect(taskLine("done", { ...done, phase: "complete", acked: 48, retried: 0 }, unlimited)).toBe(
      "done      2 failed  50/50 (100 %)  done",
    );
    expect(taskLine("square", { ...task, phase: "stopped", retried: 0 }, unlimited)).toBe(
      "square    2 failed  stopped at 42/1,200 (3 %)",
    );
    expect(taskLine("square", paced({ stalled: 12_000, rate: 1 }), unlimited)).toContain(
      "  1/s  nothing done for 12 s  8 in flight",
    );
  });

  test("says for which tasks its task waits, and that there is no worker", () => {
    const blocked = { ...task, phase: "blocked", waitsFor: ["square", "root"] } as const;
    const layout = { ...unlimited, nameWidth: 4 };
    expect(taskLine("cube", blocked, layout)).toBe("cube  waits for square, root");
    expect(taskLine("cube", blocked, { ...layout, width: 20 })).toBe("cube  waits for squ…");
    expect(taskLine("cube", { ...task, workers: 0 }, unlimited)).toContain("no worker");
  });

  test.each([30, 60, 80, 120, 200])("fits into %d columns, and keeps what matters most", (width) => {
    const long: TaskProgress = {
      ...task,
      acked: 52_343,
      failed: 1234,
      skipped: 9,
      pace: { ...NO_PACE, expected: 100_000, rate: 1234, timeLeft: 37_000, duration: 3_723_000 },
    };
    const name = "画像-resize";
    const layout = { nameWidth: nameWidthOf([name], width), width, hasBar: true, paint: plain };
    const line = taskLine(name, long, layout);
    expect(widthOf(line)).toBeLessThanOrEqual(width);
    expect(line.startsWith("画")).toBe(true);
    if (width >= 60) expect(line).toMatch(/1,234 failed .*53,586\/100,000 \(53 %\)/);
    expect(line.includes("█")).toBe(width >= 80);
    expect(line.includes("9 skipped")).toBe(width >= 200);
  });

  test("has a bar, whose red part shows failures", () => {
    const layout = { nameWidth: 6, width: 80, hasBar: true, paint: paintFor({ isTTY: true }, {}) };
    const line = taskLine("square", { ...task, acked: 598, failed: 2, retried: 0 }, layout);
    const readable = shownLine(line).replaceAll("\u001b[", "<");
    expect(readable).toContain("<31m2 failed<39m");
    expect(readable).toMatch(/<32m█+<39m<31m█<39m<2m░+<22m {2}600\/1,200/);
  });
});

test("A text's width counts wide letters twice and colours not at all; texts are cut at it", () => {
  expect(widthOf("画像")).toBe(4);
  expect(widthOf("\u001b[31mred\u001b[39m")).toBe(3);
  expect(truncated("画像処理", 5)).toBe("画像…");
  expect(truncated("square", 6)).toBe("square");
  expect(truncated("square", 0)).toBe("");
  expect(truncated("a\u001b[31mb\nc", 80)).toBe("a\\x1b[31mb\\nc");
});

describe("Colours", () => {
  const painted = (isTTY: boolean, env: NodeJS.ProcessEnv) => paintFor({ isTTY }, env)("red", "x") !== "x";

  test("are for terminals, and not for pipes and dumb terminals", () => {
    expect(painted(true, {})).toBe(true);
    expect(painted(false, {})).toBe(false);
    expect(painted(true, { TERM: "dumb" })).toBe(false);
  });

  test("follow NO_COLOR and FORCE_COLOR, of which the second counts more", () => {
    expect(painted(true, { NO_COLOR: "1" })).toBe(false);
    expect(painted(true, { NO_COLOR: "" })).toBe(true);
    expect(painted(false, { FORCE_COLOR: "1" })).toBe(true);
    expect(painted(true, { FORCE_COLOR: "0" })).toBe(false);
    expect(painted(false, { FORCE_COLOR: "1", NO_COLOR: "1" })).toBe(true);
  });
});

test("A task with more items than it said has no bar and no share, and does not end the command", () => {
  const more = { ...task, acked: 80, failed: 0, pace: { ...NO_PACE, expected: 50 } };
  const line = taskLine("square", more, { nameWidth: 6, width: 100, hasBar: true, paint: plain });
  expect(line).toMatch(/^square {2}80 {2}/);
});

test("A bar of which more is done than there is stays as wide as it is", () => {
  expect(bar({ done: 80, failed: 10, total: 50 }, 10, plain)).toHaveLength(10);
  expect(bar({ done: 0, failed: 90, total: 50 }, 10, plain)).toHaveLength(10);
});
