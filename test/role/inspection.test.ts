import { expect, test } from "vitest";
import { decodePayload } from "../../src/protocol/payload/payload.ts";
import {
  MAX_REPORTED_TYPES,
  MAX_REPORTED_WORKERS,
  reportedWorkers,
  reportMessage,
} from "../../src/role/inspection.ts";

test("A report says what it is given", () => {
  const message = reportMessage("run", { workers: 2 });
  expect(message.type === "report" && decodePayload(message.payload)).toEqual({ workers: 2 });
});

test.each([
  [
    "has too much to tell",
    { workers: Array.from({ length: 30_000 }, (_, id) => ({ id, type: "ü".repeat(80) })) },
  ],
  ["has a name that cannot be a key", { types: JSON.parse('{"__proto__":{"queued":1}}') as object }],
  ["has what cannot be sent", { types: Object.create({ queued: 1 }) as object }],
])("A report that %s is refused with the reason, and throws nothing", (_what, content) => {
  const message = reportMessage("run", content);
  expect(message).toMatchObject({ type: "refuse", runId: "run" });
  expect(message.type === "refuse" && message.reason).toMatch(/^the report cannot be sent: /);
});

test("A report lists 1,000 workers at the most, in their order: those that need attention, and as many of the others", () => {
  const workers = Array.from({ length: 10_000 }, (_, n) => n);
  expect(reportedWorkers(workers.slice(0, 1000), () => false)).toEqual({
    listed: workers.slice(0, 1000),
    left: 0,
  });
  const { listed, left } = reportedWorkers(workers, (n) => n >= 9990);
  expect(left).toBe(9000);
  expect(listed).toEqual([...workers.slice(0, 990), ...workers.slice(9990)]);
  expect(reportedWorkers(workers, () => true).listed).toEqual(workers.slice(0, MAX_REPORTED_WORKERS));
});

/** The longest name, in characters that cost the most. */
const longName = (n: number) => `${n}${"ü".repeat(120)}`;
const MOST = 2 ** 40;

const names = Array.from({ length: 10_000 }, (_, n) => n);
const longReports = {
  run: () => ({
    workers: reportedWorkers(names, () => true).listed.map((n) => ({
      id: longName(n),
      taskType: longName(n),
      phase: "ready",
      ...{ concurrency: MOST, held: MOST, window: MOST, acked: MOST, failures: MOST },
      ...{ unreliable: MOST, silence: MOST },
    })),
    progress: {
      tasks: Object.fromEntries(
        names.slice(0, 3000).map((n) => {
          const counts = { items: MOST, acked: MOST, failed: MOST, retried: MOST, waiting: MOST };
          const task = { state: "open", ...counts, inFlight: MOST, rate: 0.5, oldest: { item: 1, age: 2.5 } };
          return [longName(n), task];
        }),
      ),
    },
  }),
  service: () => ({
    workers: reportedWorkers(names, () => true).listed.map((n) => ({
      id: longName(n),
      taskType: longName(n),
      phase: "ready",
      ...{ concurrency: MOST, held: MOST, isBlocked: false, failures: MOST },
    })),
    status: {
      types: Object.fromEntries(
        names
          .slice(0, MAX_REPORTED_TYPES)
          .map((n) => [longName(n), { workers: MOST, queued: MOST, running: MOST }]),
      ),
    },
  }),
};

test.each(["run", "service"] as const)(
  "A report of a %s with as many workers as it lists, and thousands of task types, can be sent, whatever their names",
  (kind) => {
    expect(reportMessage("run", { kind, ...longReports[kind]() }).type).toBe("report");
  },
);
