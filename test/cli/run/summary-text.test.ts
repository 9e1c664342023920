import { describe, expect, test } from "vitest";
import { outcomeJson } from "../../../src/cli/run/outcome-json.ts";
import { outcomeLines } from "../../../src/cli/run/outcome-text.ts";
import type { RoleCommandName } from "../../../src/cli/run/run-options.ts";
import { RunStatistics } from "../../../src/cli/run/run-statistics.ts";
import { summaryLines } from "../../../src/cli/run/summary.ts";
import type { SummaryContext } from "../../../src/cli/run/summary-context.ts";
import { summaryJson } from "../../../src/cli/run/summary-json.ts";
import {
  BatchCollector,
  type CollectedResult,
  type CollectionInfo,
  Collector,
  EndpointAddress,
  MessageType,
  PipelineError,
  type RunSummary,
  TaskType,
} from "../../../src/index.ts";
import { paintFor, plain } from "../../../src/terminal/colours.ts";
import { shownLines } from "../../../src/terminal/shown-line.ts";
import { NO_PACE } from "../../support/no-pace.ts";

const SQUARE = TaskType.register("square");
const NOWHERE = new EndpointAddress("inproc://nowhere");

class Sink extends Collector<object> {
  readonly endpoint = NOWHERE;
  readonly ackEndpoint = NOWHERE;
  handleCollection(..._result: readonly unknown[]) {}
}

/** What the collector of a run got. */
class Seen {
  readonly statistics = new RunStatistics();
  readonly #collector = new Sink();
  #count = 0;

  constructor() {
    this.statistics.watch(this.#collector, { logged: "first" });
  }

  result(duration: number, durationItems = 1): void {
    const info: CollectionInfo = {
      id: `run/square/${this.#count++}`,
      taskType: SQUARE,
      msgtype: MessageType.DATA,
      attempt: 1,
      generation: 0,
      worker: "w",
      duration,
      durationItems,
    };
    this.#collector.handleCollection({}, SQUARE, MessageType.DATA, info);
  }

  failure(message: string, data: object = {}): void {
    const error = { name: "RangeError", message, stack: "", code: "" };
    const id = `run/square/${this.#count++}`;
    this.#collector.handleFailure({ id, taskType: SQUARE, data, error, attempts: 1, generation: 0 }, SQUARE);
  }
}

const task = { items: 10, acked: 10, failed: 0, retried: 0, skipped: 0 };
const summary: RunSummary = {
  runId: "run",
  status: "complete",
  duration: 10_000,
  tasks: { square: task },
  pace: { square: { ...NO_PACE, expected: 10, duration: 5000, rate: 2 } },
  unreliableWorkers: [],
};
const context: SummaryContext = { journal: undefined, args: ["run", "f.mjs"] };
const textOf = (
  changed: Partial<RunSummary>,
  seen = new Seen(),
  changedContext: Partial<SummaryContext> = {},
  paint = plain,
) =>
  shownLines(
    summaryLines({ ...summary, ...changed }, seen.statistics, { ...context, ...changedContext }, paint),
    {},
  );

test("The summary of a run has the rate of each task in its own time", () => {
  expect(textOf({})).toBe("complete in 10 s\n  square: 10 items, 10 collected, 0 failed, 0 retried, 2.0/s\n");
  const pace = { square: summary.pace.square ?? NO_PACE, cube: { ...NO_PACE, duration: 100_000, rate: 0.1 } };
  expect(textOf({ tasks: { square: task, cube: task }, pace })).toBe(
    "complete in 10 s\n" +
      "  square: 10 items, 10 collected, 0 failed, 0 retried, 2.0/s for 5.0 s\n" +
      "  cube: 10 items, 10 collected, 0 failed, 0 retried, 6/min for 1 min 40 s\n",
  );
});

test("The summary of a run that went on tells what was done earlier, and its groups add up to the total", () => {
  const seen = new Seen();
  seen.failure("too small", { n: 1 });
  const text = textOf(
    {
      tasks: { square: { ...task, acked: 6, failed: 4, retried: 9 } },
      pace: { square: { ...NO_PACE, earlier: { acked: 4, failed: 3, retried: 7 }, rate: 200 } },
    },
    seen,
    { journal: "my run.journal" },
  );
  expect(text).toContain(
    "10 items, 6 collected (4 earlier), 4 failed (3 earlier), 9 retried (7 earlier), 200/s\n",
  );
  expect(text).toMatch(
    /failed once in square: RangeError: too small\n {4}run\/square\/0 {2}\{"n":1\}\n {2}failed 3 times: in an earlier process of this run\n {2}list all failures: zmqpipeline journal failed 'my run\.journal' --json\n$/,
  );
  const json = summaryJson(
    { ...summary, tasks: { square: { ...task, failed: 4 } } },
    seen.statistics,
    context,
  ) as { failures: { count: number }[] };
  expect(json.failures.reduce((sum, { count }) => sum + count, 0)).toBe(4);
  expect(json.failures[0]).toMatchObject({
    name: "RangeError",
    message: "too small",
    firstId: "run/square/0",
    samples: [{ id: "run/square/0", message: "too small", data: { n: 1 } }],
  });
});

test("The summary of a stopped run says where it was stopped, and how to go on", () => {
  const stopped = {
    status: "stopped" as const,
    tasks: { square: { ...task, items: 210, acked: 200, failed: 7 } },
    pace: { square: { ...NO_PACE, expected: 1000 } },
  };
  const args = ["run", "my file.mjs", "-j", "it's.journal", "--retry-failed"];
  expect(textOf(stopped, undefined, { journal: "it's.journal", args })).toContain(
    "stopped at 207/1,000 in 10 s; go on with zmqpipeline run 'my file.mjs' -j 'it'\\''s.journal'\n",
  );
  expect(textOf(stopped, undefined, { journal: "j", needs: "the same inputs" })).toContain(
    "; go on with zmqpipeline run f.mjs, with the same inputs\n",
  );
  expect(textOf(stopped)).toContain(
    "stopped at 207/1,000 in 10 s; only a run with a journal can go on: --journal FILE\n",
  );
  const two = {
    tasks: { ...stopped.tasks, cube: { ...task, items: 0, acked: 0 } },
    pace: { ...stopped.pace, cube: NO_PACE },
  };
  expect(textOf({ ...stopped, ...two })).toContain("stopped at square 207/1,000, cube 0 in 10 s;");
  expect(
    summaryJson({ ...summary, ...stopped }, new RunStatistics(), { journal: "j", args: ["run", "f"] }),
  ).toMatchObject({ status: "stopped", goOn: "zmqpipeline run f" });
});

test("Durations that are a mean say so, and a group of items is named once", () => {
  const seen = new Seen();
  for (const duration of [1, 2, 3]) seen.result(duration);
  for (let n = 0; n < 4; n++) seen.result(100, 4);
  seen.result(0, 0); // sent again, and not measured
  expect(textOf({}, seen)).toContain(
    "(max), where 4 of 7 came in groups and have their group's mean; the slowest:\n" +
      "      100 ms  run/square/3  (mean of 4 items)\n" +
      "        3 ms  run/square/2\n" +
      "        2 ms  run/square/1\n",
  );
  expect(seen.statistics.durations).toMatchObject({ items: 7, means: 4, max: 100 });
});

test("Durations that were all measured alone are told without a word about means", () => {
  const seen = new Seen();
  seen.result(5);
  expect(textOf({}, seen)).toContain("5 ms (max); the slowest:\n        5 ms  run/square/0\n");
});

test("Durations of results that a collector gets in batches are counted, and its failures", async () => {
  class Batches extends BatchCollector<object> {
    readonly endpoint = NOWHERE;
    readonly ackEndpoint = NOWHERE;
    got = 0;
    handleBatch(results: readonly CollectedResult<object>[]) {
      this.got += results.length;
    }
    override handleFailure(..._failure: readonly unknown[]) {}
  }
  const statistics = new RunStatistics();
  const collector = new Batches();
  statistics.watch(collector, { logged: "first" });
  const facts = { taskType: SQUARE, msgtype: MessageType.DATA, attempt: 1, generation: 1, worker: "w" };
  const result = { ...facts, data: {}, durationItems: 1 };
  await collector.handleBatch([
    { ...result, id: "run/square/0", duration: 1 },
    { ...result, id: "run/square/1", duration: 2 },
  ]);
  const error = { name: "Error", message: "no", stack: "", code: "" };
  await collector.handleFailure({ id: "run/square/2", data: { n: 2 }, error, attempts: 1 }, SQUARE);
  expect(collector.got).toBe(2);
  expect(statistics.durations).toMatchObject({ items: 2, max: 2 });
  expect(statistics.failures).toMatchObject([{ count: 1, firstId: "run/square/2" }]);
});

test("A collector that runs alone tells how long items took, and what failed", () => {
  const seen = new Seen();
  seen.result(5);
  seen.failure("too small", { n: 1 });
  const outcome = { status: "complete", collected: 1, failed: 1, duplicates: 0, refused: 0 };
  const ending = { context, isInterrupted: false, statistics: seen.statistics };
  expect(shownLines(outcomeLines("collector", outcome, ending, plain), {})).toBe(
    "collector ended, run complete: 1 result collected, 1 item failed\n" +
      "  an item took 5 ms (p50), 5 ms (p95), 5 ms (max); the slowest:\n" +
      "        5 ms  run/square/0\n" +
      "  failed once in square: RangeError: too small\n" +
      '    run/square/1  {"n":1}\n',
  );
});

describe("The JSON of a role that was started alone", () => {
  const json = (name: RoleCommandName, outcome: unknown, seen = new Seen(), isInterrupted = false) =>
    JSON.parse(
      JSON.stringify(outcomeJson(name, outcome, { context, isInterrupted, statistics: seen.statistics })),
    );

  test("has durations and failures for a collector", () => {
    const seen = new Seen();
    seen.result(5);
    seen.failure("too small", { n: 1 });
    const outcome = { status: "complete", collected: 1, failed: 1, duplicates: 0, refused: 0 };
    expect(json("collector", outcome, seen)).toMatchObject({
      role: "collector",
      ...outcome,
      durations: { p50: 5, p95: 5, max: 5, items: 1, means: 0 },
      slowest: [{ id: "run/square/0", duration: 5 }],
      failures: [{ taskType: "square", name: "RangeError", count: 1, samples: [{ data: { n: 1 } }] }],
    });
  });

  test("has what run --json has for a distributor, as far as it knows", () => {
    const tasks = { square: { ...task, acked: 9, failed: 1 } };
    expect(json("distributor", { ...summary, tasks })).toMatchObject({
      role: "distributor",
      status: "complete",
      wasComplete: false,
      tasks,
      durations: null,
      slowest: [],
      failures: [{ message: "with errors that only the collector has", count: 1 }],
    });
  });

  test("has code and message of the errors of hooks for a worker", () => {
    const closeErrors = [new PipelineError("CLOSE_FAILED", "closeWorker() has failed")];
    expect(json("worker", { executed: 2, failed: 1, closeErrors })).toEqual({
      role: "worker",
      workers: 1,
      executed: 2,
      failed: 1,
      closeErrors: [{ code: "CLOSE_FAILED", message: "closeWorker() has failed" }],
    });
  });

  test("says how it ended for a metadata worker", () => {
    expect(json("metadata", undefined)).toEqual({ role: "metadata", status: "delivered" });
    expect(json("metadata", undefined, undefined, true)).toEqual({ role: "metadata", status: "stopped" });
  });
});

describe("The summary of a run has colours", () => {
  const [red, green, yellow] = [31, 32, 33].map(
    (code) => (text: string) => `\u001b[${code}m${text}\u001b[39m`,
  );
  const seen = new Seen();
  seen.failure("too small");
  const tasks = { square: { ...task, acked: 9, failed: 1 } };

  test("on a terminal", () => {
    const paint = paintFor({ isTTY: true }, {});
    const text = textOf({ tasks }, seen, {}, paint);
    expect(text).toContain(`${green?.("complete")} in 10 s\n`);
    expect(text).toContain(`9 collected, ${red?.("1 failed")}, 0 retried`);
    expect(text).toContain(`  ${red?.("failed once")} in square: RangeError: too small\n`);
    expect(textOf({ status: "stopped" }, new Seen(), {}, paint)).toContain(`${yellow?.("stopped")} at 10/10`);
  });

  test("nowhere else", () => {
    expect(textOf({ tasks }, seen, {}, paintFor({}, {}))).toBe(textOf({ tasks }, seen));
  });
});

test("The summary of a run with hundreds of tasks has the failed and unfinished ones, and sums up the others", () => {
  const names = Array.from({ length: 300 }, (_, index) => `task${index}`);
  const tasks = Object.fromEntries([
    ...names.map((name) => [name, task] as const),
    ["unlucky", { ...task, acked: 9, failed: 1 }] as const,
    ["unfinished", { ...task, acked: 5 }] as const,
  ]);
  const pace = Object.fromEntries(Object.keys(tasks).map((name) => [name, NO_PACE]));
  const lines = textOf({ status: "stopped", tasks, pace }).split("\n");
  expect(lines[0]).toMatch(/^stopped at 3,015 items of 302 tasks in /);
  expect(lines.filter((line) => /^ {2}task\d+: /.test(line))).toHaveLength(18);
  expect(lines.some((line) => line.startsWith("  unlucky: 10 items, 9 collected, 1 failed"))).toBe(true);
  expect(lines.some((line) => line.startsWith("  unfinished: 10 items, 5 collected"))).toBe(true);
  expect(lines).toContain("  and 282 more tasks: 2,820 items, 2,820 collected, 0 failed; --json has each");
});
