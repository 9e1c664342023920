import { expect, test } from "vitest";
import { assertKnownOptions } from "../../src/role/known-options.ts";
import { nearestName } from "../../src/role/nearest-name.ts";

test("A misspelled word finds the name that was meant", () => {
  const names = ["handleExecution", "taskType", "endpoint", "collectorEndpoint", "retry", "nThreads"];
  for (const [word, name] of [
    ["handle_execution", "handleExecution"],
    ["HandleExecution", "handleExecution"],
    ["handleExecuton", "handleExecution"],
    ["handleExceution", "handleExecution"],
    ["collector_endpoint", "collectorEndpoint"],
    ["retyr", "retry"],
    ["retries", undefined],
    ["n_threads", "nThreads"],
    ["enpoint", "endpoint"],
    ["", undefined],
    ["x".repeat(1_000_000), undefined],
    ["somethingElse", undefined],
  ] as const)
    expect(nearestName(word, names), word.slice(0, 40)).toBe(name);
  expect(nearestName("anything", [])).toBeUndefined();
});

test("Options that do not exist are refused by name", () => {
  const known = ["workers", "threads", "maxPending"];
  expect(() => assertKnownOptions("map()", {}, known)).not.toThrow();
  expect(() => assertKnownOptions("map()", { workers: undefined }, known)).not.toThrow();
  for (const [options, message] of [
    [{ worker: 2 }, 'map() has no option "worker"; did you mean "workers"?'],
    [{ max_pending: 2 }, 'map() has no option "max_pending"; did you mean "maxPending"?'],
    [{ colour: 1 }, 'map() has no option "colour"; it has workers, threads, maxPending'],
    [JSON.parse('{"__proto__":1}'), 'map() has no option "__proto__"; it has workers, threads, maxPending'],
    [null, "map() takes an object of options, not null"],
    [[], "map() takes an object of options, not an array"],
    ["fast", "map() takes an object of options, not a string"],
    [() => 1, "map() takes an object of options, not a function"],
    [4, "map() takes an object of options, not a number"],
  ])
    expect(() => assertKnownOptions("map()", options, known), message).toThrow(new TypeError(message));
});

test("An option of a part is said to be one", () => {
  const known = ["tasks", "workers", "journal", "endTimeout"];
  for (const [option, written] of [
    ["retry", "tasks: [{ retry }]"],
    ["timeout", "tasks: [{ timeout }]"],
    ["concurrency", "workers: { concurrency }"],
    ["retryFailed", "journal: { path, retryFailed }"],
  ] as const)
    expect(() => assertKnownOptions("Pipeline", { [option]: 1 }, known)).toThrow(
      `Pipeline has no option "${option}"; did you mean ${written}?`,
    );
});
