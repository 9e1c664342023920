import { expect, test } from "vitest";
import { FailureGroups } from "../../../src/cli/run/failure-groups.ts";

function groupsOf(messages: Iterable<string>): FailureGroups {
  const groups = new FailureGroups();
  let n = 0;
  for (const message of messages) groups.add("task", `run/task/${n++}`, message, `Error: ${message}\n  at f`);
  return groups;
}

function* different(count: number): Generator<string> {
  for (let n = 0; n < count; n++) yield `item ${n} failed`;
}

test.each([0, 1, 19, 20, 21, 1000, 1001, 1_000_000])("Failures with %i different messages", (count) => {
  const { all } = groupsOf(different(count));
  expect(all.length).toBe(Math.min(count, 21));
  expect(all.reduce((sum, group) => sum + group.count, 0)).toBe(count);
  if (count > 20)
    expect(all.at(-1)).toEqual({
      taskType: "",
      message: "other failures",
      stack: "",
      firstId: "run/task/20",
      count: count - 20,
    });
});

test("A frequent failure is named although rare ones came first", () => {
  const { all } = groupsOf([
    ...different(500),
    ...Array<string>(300).fill("no space left"),
    ...different(500),
  ]);
  expect(all[0]).toMatchObject({ message: "no space left", count: 300, firstId: "run/task/500" });
  expect(all.reduce((sum, group) => sum + group.count, 0)).toBe(1300);
});

test("Failures of two tasks are told apart, also with names that look alike together", () => {
  const groups = new FailureGroups();
  groups.add("a", "1", "b c", "");
  groups.add("a b", "2", "c", "");
  groups.add("", "3", "other failures", "");
  expect(groups.all.map(({ taskType, message, count }) => [taskType, message, count])).toEqual([
    ["a", "b c", 1],
    ["a b", "c", 1],
    ["", "other failures", 1],
  ]);
});

test("Long messages and stacks are cut, so that memory is bounded", () => {
  const groups = groupsOf(Array.from({ length: 2000 }, (_, n) => `${n} ${"x".repeat(16_000)}`));
  for (const { message, stack } of groups.all) {
    expect(message.length).toBeLessThanOrEqual(1001);
    expect(stack.length).toBeLessThanOrEqual(4001);
  }
});
