import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { RunProgress, TaskProgress } from "../../src/index.ts";
import { ProgressView } from "../../src/terminal/progress-view.ts";
import { NO_PACE } from "../support/no-pace.ts";

const task: TaskProgress = {
  items: 20,
  acked: 10,
  failed: 0,
  retried: 0,
  skipped: 0,
  phase: "open",
  total: 100,
  waitsFor: [],
  inFlight: 4,
  workers: 2,
  oldest: undefined,
  pace: { ...NO_PACE, expected: 100 },
};

/** A terminal that keeps what stands on it, as far as a view needs it. */
class Terminal {
  readonly isTTY = true;
  columns = 80;
  rows = 10;
  lines: string[] = [];
  writes = 0;

  write(text: string): void {
    this.writes += 1;
    const ERASE = /^\r<(\d+)A<0J/;
    const readable = text.replaceAll("\u001b[", "<");
    const [, up] = ERASE.exec(readable) ?? [];
    if (up !== undefined) this.lines = this.lines.slice(0, this.lines.length - Number(up));
    this.lines.push(...readable.replace(ERASE, "").split("\n").slice(0, -1));
  }
}

function viewOf(read: () => Record<string, TaskProgress>, env: NodeJS.ProcessEnv = { NO_COLOR: "1" }) {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  const terminal = new Terminal();
  const progress = (): RunProgress => ({ workers: 2, tasks: read() });
  const view = new ProgressView(terminal, progress, env);
  onTestFinished(() => {
    view.drop();
    vi.useRealTimers();
  });
  return { terminal, view };
}

describe("The progress view", () => {
  test("redraws its lines on a terminal, below other lines, and leaves the last state", () => {
    let state = task;
    const { terminal, view } = viewOf(() => ({ square: state }));
    vi.advanceTimersByTime(400);
    expect(terminal.lines).toEqual([expect.stringMatching(/^square {2}█+░+ {2}10\/100 \(10 %\)/)]);
    view.line("warning: a worker died");
    expect(terminal.lines).toEqual(["warning: a worker died", expect.stringContaining("10/100")]);
    state = { ...task, phase: "complete", items: 100, acked: 99, failed: 1 };
    view.end();
    expect(terminal.lines).toEqual([
      "warning: a worker died",
      expect.stringMatching(/^square {2}1 failed .*100\/100 \(100 %\) {2}done/),
    ]);
  });

  test("names the item that has been with a worker for the longest time, until the end", () => {
    const oldest = { seq: 17, attempt: 2, workerId: "w1", age: 12_000 };
    const tasks = { square: task, cube: { ...task, oldest } };
    const { terminal, view } = viewOf(() => tasks);
    vi.advanceTimersByTime(200);
    expect(terminal.lines.at(-1)).toBe("oldest item: cube/17, for 12 s with w1, 2 attempts");
    view.end();
    expect(terminal.lines).toHaveLength(2);
  });

  test("shows as many tasks as the terminal has rows for, those at work first", () => {
    const blocked: TaskProgress = { ...task, phase: "blocked", waitsFor: ["work"] };
    const names = Array.from({ length: 30 }, (_, index) => `task${index}`);
    const tasks = Object.fromEntries([...names.map((name) => [name, blocked]), ["work", task]]);
    const { terminal } = viewOf(() => tasks);
    vi.advanceTimersByTime(200);
    expect(terminal.lines.length).toBeLessThan(terminal.rows);
    expect(terminal.lines.some((line) => line.startsWith("work"))).toBe(true);
    expect(terminal.lines.at(-1)).toBe("and 25 more tasks");
  });

  test("counts the rows that its lines take on a terminal that has become narrower", () => {
    const { terminal } = viewOf(() => ({ square: task }));
    vi.advanceTimersByTime(200);
    const [line = ""] = terminal.lines;
    terminal.columns = 20;
    terminal.lines = ["above", ...(line.match(/.{1,20}/gu) ?? [])]; // as the terminal wraps it
    vi.advanceTimersByTime(200);
    expect(terminal.lines[0]).toBe("above");
    expect(terminal.lines).toHaveLength(2);
  });

  test("of hundreds of tasks writes a screen's worth where there is no terminal, also at the end, failed ones first", () => {
    const done: TaskProgress = { ...task, phase: "complete" };
    const names = Array.from({ length: 300 }, (_, index) => `task${index}`);
    const tasks = Object.fromEntries([
      ...names.map((name) => [name, done]),
      ["work", task],
      ["unlucky", { ...done, failed: 1 }],
    ]);
    const { terminal, view } = viewOf(() => tasks, { CI: "1", NO_COLOR: "1" });
    vi.advanceTimersByTime(5000);
    expect(terminal.lines).toHaveLength(21);
    expect(terminal.lines.slice(-3)).toEqual([
      expect.stringMatching(/^work /),
      expect.stringMatching(/^unlucky .*1 failed/),
      "and 282 more tasks",
    ]);
    terminal.lines = [];
    view.end();
    expect(terminal.lines).toHaveLength(21);
  });

  test("writes plain lines every five seconds where CI is set", () => {
    const { terminal } = viewOf(() => ({ square: task }), { CI: "1", NO_COLOR: "1" });
    vi.advanceTimersByTime(4000);
    expect(terminal.writes).toBe(0);
    vi.advanceTimersByTime(1000);
    expect(terminal.lines).toEqual(["square  10/100 (10 %)  4 in flight  2 workers"]);
  });
});

test("What a program writes to the same terminal stands above its progress, and is never erased", () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  const terminal = new Terminal();
  const own = Terminal.prototype.write;
  const progress = () => ({ workers: 2, tasks: { square: task } });
  const view = new ProgressView(terminal, progress, { NO_COLOR: "1" }, [terminal]);
  onTestFinished(() => void vi.useRealTimers());
  vi.advanceTimersByTime(200);
  terminal.write("result 1\nresult 2\n");
  expect(terminal.lines).toEqual(["result 1", "result 2"]);
  vi.advanceTimersByTime(200);
  expect(terminal.lines).toEqual(["result 1", "result 2", expect.stringContaining("square")]);
  terminal.write("half a line");
  const { writes } = terminal;
  vi.advanceTimersByTime(1000);
  expect(terminal.writes).toBe(writes);
  terminal.write(", and its end\n");
  view.end();
  expect(terminal.lines.at(-1)).toContain("square");
  expect(terminal.write).toBe(own);
});

test("A view on a terminal without a size draws anew what it has drawn", () => {
  const { terminal, view } = viewOf(() => ({ square: task }));
  terminal.columns = 0;
  vi.advanceTimersByTime(1000);
  expect(terminal.writes).toBeGreaterThan(1);
  expect(terminal.lines).toHaveLength(1);
  view.drop();
});
