import { describe, expect, test } from "vitest";
import { CAPACITY, ConnectionBudgets } from "../../src/core/connection-budgets.ts";
import type { DistributorCore } from "../../src/core/distributor/distributor-core.ts";
import { RoleClock } from "../../src/core/role-clock.ts";
import type { Message, WorkerToDistributor } from "../../src/protocol/message.ts";
import { EMPTY } from "../../src/protocol/wire/payload-frames.ts";
import { collectorComes, makeCore, RUN, workerComes } from "../support/distributor-core.ts";
import { long } from "../support/long.ts";

const WINDOW = 512;

/** A distributor with a worker that has taken as many items as it may. */
function run() {
  const exceeded: string[] = [];
  let held: { seq: number; attempt: number }[] = [];
  const retry = { attempts: 3, backoff: 100, maxBackoff: 100 };
  const core: DistributorCore = makeCore(
    [{ name: "t", dependencies: [], retry, timeoutMs: 0, source: { pull: () => Uint8Array.of(0xc0) } }],
    { maxWindow: WINDOW },
    {
      toWorker(_to, message) {
        if (message.type === "grant") held.push(...message.items);
      },
      exceeded: (connection) => exceeded.push(connection),
    },
  );
  core.tick(0);
  core.open(EMPTY);
  collectorComes(core);
  workerComes(core, "w", "t", WINDOW);
  const say = (message: WorkerToDistributor) => core.workerMessage("w", message);
  /** What the worker has now, which it then forgets. */
  const taken = () => {
    const items = held;
    held = [];
    return items.map(({ seq, attempt }) => ({ seq, attempt }));
  };
  return { exceeded, say, taken };
}

const HELLO = {
  type: "hello",
  runId: RUN,
  role: "worker",
  peerId: "w",
  taskType: "t",
  ticket: "",
  held: [],
} as const;

function timesUntil(exceeded: readonly string[], act: () => void): number {
  let times = 0;
  for (; exceeded.length === 0 && times < 100_000; times++) act();
  return times;
}

describe("A worker that takes items and gives them back without end is not heard any more: one that does so", () => {
  const perRound = WINDOW / 64;

  long("by saying that it has not begun them", () => {
    const { exceeded, say, taken } = run();
    const times = timesUntil(exceeded, () => {
      const items = taken();
      expect(items).toHaveLength(WINDOW); // it gets items again at once, as a worker that has nothing
      say({ type: "returned", runId: RUN, leaving: false, items });
    });
    // Its first hello and ready count as a message each.
    expect(times).toBe(Math.floor((CAPACITY - 2) / perRound) + 1);
  });

  long("by a hello that does not name them", () => {
    const { exceeded, say, taken } = run();
    const times = timesUntil(exceeded, () => {
      expect(taken()).toHaveLength(WINDOW);
      say({ ...HELLO, ticket: "ticket" });
      say({ type: "ready", runId: RUN, concurrency: WINDOW });
    });
    // A hello and a ready count as a message each.
    expect(times).toBe(Math.floor(CAPACITY / (perRound + 2)) + 1);
  });

  long("by leaving and coming back", () => {
    const { exceeded, say, taken } = run();
    const times = timesUntil(exceeded, () => {
      expect(taken()).toHaveLength(WINDOW);
      say({ type: "bye", runId: RUN });
      say(HELLO);
      say({ type: "ready", runId: RUN, concurrency: WINDOW });
    });
    expect(times).toBe(Math.floor(CAPACITY / (perRound + 3)) + 1);
  });
});

test("Requests that are accepted cost a client nothing, and 64 that are refused as much as a message", () => {
  const clock = new RoleClock();
  clock.tick(0);
  const exceeded: string[] = [];
  const budgets = new ConnectionBudgets(clock, (connection) => exceeded.push(connection));
  const request = (count: number): Message => ({
    type: "request",
    runId: RUN,
    taskType: "t",
    timeoutMs: 0,
    idempotent: false,
    context: "",
    items: Array.from({ length: count }, (_, seq) => ({ seq, attempt: 1, payload: EMPTY })),
  });
  for (let times = 0; times < 300_000; times++) budgets.heard("k", request(1), 1);
  expect(timesUntil(exceeded, () => budgets.heard("many", request(512), 0))).toBe(CAPACITY / 8 + 1);
  for (let times = 0; times < 300_000; times++) budgets.heard("single", request(1), 0);
  expect(exceeded).toEqual(["many"]);
});
