import { expect, test } from "vitest";
import { FailureGroups } from "../../../src/cli/run/failure-groups.ts";
import { areAllShown, failureLines } from "../../../src/cli/run/failure-lines.ts";
import { paintFor, plain } from "../../../src/terminal/colours.ts";
import { shownLine } from "../../../src/terminal/shown-line.ts";

const LIBRARY_FRAME = "    at execute (/srv/app/node_modules/zmqpipeline/dist/executor.js:10:3)";

interface Thrown {
  readonly message: string;
  readonly name?: string;
  /** The frames below the message. */
  readonly frames?: readonly string[];
  readonly taskType?: string;
  readonly data?: unknown;
  readonly cause?: { readonly name: string; readonly message: string; readonly code?: string };
}

function groupsOf(thrown: Iterable<Thrown>): FailureGroups {
  const groups = new FailureGroups();
  let n = 0;
  for (const { message, name = "Error", frames = [], taskType = "task", data = { n }, ...more } of thrown) {
    const id = `run/${taskType}/${n++}`;
    const stack = [`${name}: ${message}`, ...frames, LIBRARY_FRAME].join("\n");
    groups.add({ taskType, id, label: id, data, error: { name, message, stack, ...more } });
  }
  return groups;
}

/** Messages whose words, and not only their numbers, are different. */
function* different(count: number): Generator<Thrown> {
  const word = (n: number) => n.toString(26).replace(/\d/g, (digit) => "qrstuvwxyz"[Number(digit)] ?? "");
  for (let n = 0; n < count; n++) yield { message: word(n) };
}

test.each([0, 1, 19, 20, 21, 1000, 1001, 20_000])("Failures of %i kinds", (count) => {
  const { all } = groupsOf(different(count));
  expect(all.length).toBe(Math.min(count, 21));
  expect(all.reduce((sum, group) => sum + group.count, 0)).toBe(count);
  if (count > 20)
    expect(all.at(-1)).toMatchObject({
      taskType: "",
      message: "other failures",
      frames: [],
      firstId: "run/task/20",
      count: count - 20,
    });
});

test("A frequent failure is named although rare ones came first", () => {
  const full = Array<Thrown>(300).fill({ message: "no space left" });
  const { all } = groupsOf([...different(500), ...full, ...different(500)]);
  expect(all[0]).toMatchObject({ message: "no space left", count: 300, firstId: "run/task/500" });
  expect(all.reduce((sum, group) => sum + group.count, 0)).toBe(1300);
});

test("Failures whose messages differ in numbers and quoted text are one group", () => {
  const frames = ["    at check (/srv/app/check.js:3:9)"];
  const thrown = Array.from({ length: 50 }, (_, n) => ({
    name: "RangeError",
    message: `row ${n} has no "${"x".repeat(n)}"`,
    frames,
  }));
  const { all } = groupsOf(thrown);
  expect(all).toHaveLength(1);
  expect(all[0]).toMatchObject({ name: "RangeError", pattern: 'row # has no "…"', count: 50 });
  expect(failureLines(all, plain)).toEqual([
    'failed 50 times in task: RangeError: row # has no "…"',
    "  at check (/srv/app/check.js:3:9)",
    '  run/task/0  {"n":0}  row 0 has no ""',
    '  run/task/1  {"n":1}  row 1 has no "x"',
    '  run/task/2  {"n":2}  row 2 has no "xx"',
    "  and 47 more",
  ]);
});

test("Failures from one line of the user's code are one group also when their messages differ in words", () => {
  const frames = ["    at find (/srv/app/find.js:3:9)"];
  const thrown = ["ann", "bob", "cid"].map((user) => ({ message: `user ${user} is unknown`, frames }));
  const { all } = groupsOf(thrown);
  expect(all.map(({ pattern, count }) => [pattern, count])).toEqual([["user … is unknown", 3]]);
});

test("Failures are told apart by name, line of the user's code, message and task", () => {
  const at = (line: number) => [`    at f (/srv/app/f.js:${line}:1)`];
  const { all } = groupsOf([
    { message: "bad 1", frames: at(1) },
    { message: "bad 2", frames: at(2) },
    { message: "bad 3", frames: at(1), name: "TypeError" },
    { message: "full up", frames: at(1) },
    { message: "bad 4", frames: at(1), taskType: "other" },
    { message: "bad 5", frames: at(1) },
  ]);
  expect(all.map(({ count }) => count)).toEqual([2, 1, 1, 1, 1]);
});

test("Failures are told apart by their causes, which are shown", () => {
  const frames = ["    at get (/srv/app/get.js:1:1)"];
  const failed = (message: string) => ({
    name: "TypeError",
    message: "fetch failed",
    frames,
    cause: { name: "Error", message, code: "ECONNREFUSED" },
  });
  const { all } = groupsOf([
    failed("connect 10.0.0.1:80"),
    failed("connect 10.0.0.2:80"),
    failed("other side closed"),
  ]);
  expect(all.map(({ count }) => count)).toEqual([2, 1]);
  expect(failureLines(all, plain).slice(0, 3)).toEqual([
    "failed 2 times in task: TypeError: fetch failed",
    "  cause: connect 10.0.0.1:80 (ECONNREFUSED)",
    "  at get (/srv/app/get.js:1:1)",
  ]);
});

test("The line is that of the user's code, not of the library or of a package", () => {
  const inPackage = (line: number) => `    at parse (/srv/app/node_modules/parser/index.js:${line}:7)`;
  const user = "    at default (file:///srv/app/read.mjs:8:3)";
  const { all } = groupsOf([
    { message: "unexpected end", frames: [inPackage(1), user] },
    { message: "unexpected end", frames: [inPackage(2), LIBRARY_FRAME, user] },
  ]);
  expect(all).toHaveLength(1);
  const lines = failureLines(all, plain);
  expect(lines).toContain("  at default (/srv/app/read.mjs:8:3)");
  expect(lines.join("\n")).not.toContain("zmqpipeline");
});

test("A message that all failures share is shown as it is", () => {
  const lines = failureLines(groupsOf(Array<Thrown>(4).fill({ message: "no user 'bob' (404)" })).all, plain);
  expect(lines[0]).toBe("failed 4 times in task: no user 'bob' (404)");
  expect(lines[1]).toBe('  run/task/0  {"n":0}');
});

test("Text of strangers in errors moves no cursor, adds no line and hides nothing", () => {
  const hostile = { name: "Bad\nName", message: "\u001b[2Jred\u202eder\u0000\r\nzmqpipeline: fake" };
  const lines = failureLines(groupsOf([{ ...hostile, data: { text: "\u202e\u0085" } }]).all, plain);
  expect(lines.map(shownLine)).toEqual([
    "failed once in task: Bad\\nName: \\x1b[2Jred\\u202eder\\x00",
    "    zmqpipeline: fake",
    '  run/task/0  {"text":"\\u202e\\u0085"}',
  ]);
});

test("Failures of two tasks are told apart, also with names that look alike together", () => {
  const { all } = groupsOf([
    { taskType: "a", message: "b c" },
    { taskType: "a b", message: "c" },
    { taskType: "", message: "other failures" },
  ]);
  expect(all.map(({ taskType, message, count }) => [taskType, message, count])).toEqual([
    ["a", "b c", 1],
    ["a b", "c", 1],
    ["", "other failures", 1],
  ]);
});

test("Long messages and data are cut, so that memory is bounded", () => {
  const thrown = Array.from({ length: 300 }, (_, n) => ({
    message: `${n} ${"x".repeat(16_000)}`,
    data: { text: "y".repeat(10_000) },
  }));
  const { all } = groupsOf(thrown);
  for (const { message, samples } of all) {
    expect(message.length).toBeLessThanOrEqual(1000);
    for (const { data, isCut } of samples) {
      expect(data.length).toBeLessThanOrEqual(500);
      expect(isCut).toBe(true);
    }
  }
});

test("Data of any kind are shown", () => {
  const data = [undefined, null, 7n, new Date(0), Uint8Array.of(1, 2), Number.NaN, "text"];
  const { all } = groupsOf(
    data.map((value) => ({ message: "no", data: value === undefined ? null : value })),
  );
  expect(all[0]?.count).toBe(data.length);
  const [only] = groupsOf([{ message: "no", data: 7n }]).all;
  expect(only?.samples[0]).toMatchObject({ data: '"7"', isCut: false });
});

test("What failed is red, and the frames of the user's code are dim", () => {
  const frames = ["    at check (/srv/app/check.js:3:9)"];
  const { all } = groupsOf([{ message: "too small", frames }]);
  expect(failureLines(all, paintFor({ isTTY: true }, {})).map(shownLine)).toEqual([
    "\u001b[31mfailed once\u001b[39m in task: too small",
    "  \u001b[2mat check (/srv/app/check.js:3:9)\u001b[22m",
    '  run/task/0  {"n":0}',
  ]);
});

test.each([
  [3, 1, true],
  [4, 1, false],
  [1, 10, true],
  [1, 11, false],
])("Lines show all of %i failures of each of %i kinds: %o", (times, kinds, expected) => {
  const thrown = [...different(kinds)].flatMap((one) => Array<Thrown>(times).fill(one));
  expect(areAllShown(groupsOf(thrown).all)).toBe(expected);
});
