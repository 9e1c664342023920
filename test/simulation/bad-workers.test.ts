import assert from "node:assert/strict";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Fleet } from "../../src/core/distributor/fleet.ts";
import { WorkerMessages } from "../../src/core/distributor/worker-messages.ts";
import { WorkerRecord } from "../../src/core/distributor/worker-record.ts";
import { FIRST_SEED, naming, seedsOf } from "./seeds.ts";
import { World } from "./world.ts";
import type { WorldOptions } from "./world-options.ts";

const SEEDS = seedsOf("badWorkers");

/** Runs a scenario for every seed, each to its end within `limit` virtual ms. */
function campaign(scenario: (seed: number) => WorldOptions, limit: number, check: (world: World) => void) {
  const totals: Record<string, number> = {};
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    const world = new World(scenario(seed));
    naming(seed, () => {
      world.run(limit);
      assert.equal(world.outcome?.status, "complete", world.outcome?.error?.message);
      check(world);
    });
    for (const [event, count] of Object.entries(world.counters)) totals[event] = (totals[event] ?? 0) + count;
  }
  return totals;
}

/** Checks that the items failed with the code, and that all others were collected. */
function onlyFailed(world: World, items: readonly string[], code: string): void {
  assert.deepEqual([...world.failures.keys()].sort(), items);
  for (const failure of world.failures.values()) assert.equal(failure.code, code);
}

const badWorker = (service: number) => (seed: number) =>
  ({ seed, items: 60, workers: 3, bad: 1, service, faults: { cut: 400 }, faultsUntil: 2000 }) as const;

/** Two workers with 40 short items, and then two items that take 4 s each. */
const longTail = (seed: number): WorldOptions => {
  const slow = new Map<number, number>();
  for (let seq = 0; seq < 40; seq++) slow.set(seq, 1);
  slow.set(40, 4000).set(41, 4000);
  return { seed, items: 42, workers: 2, service: 0, slow };
};

const blockedWorker = (seed: number): WorldOptions => ({
  seed,
  items: 300,
  workers: 3,
  service: 3,
  blocking: new Map([[100, 20_000]]),
});

describe("A run with bad or blocked workers in the seeded simulator", () => {
  test.each([20, 1500])(
    "loses no item to a bad worker among good ones, with items of up to %i ms",
    (service) => {
      const totals = campaign(badWorker(service), 120_000, (world) => onlyFailed(world, [], ""));
      expect(totals["item failed"]).toBeGreaterThan(SEEDS);
    },
  );

  test("gives up items that fail on every worker, in bounded time", () => {
    campaign(
      (seed) => ({ seed, items: 30, workers: 3, bad: 3, service: 5 }),
      60_000,
      (world) => assert.equal(world.failures.size, 30),
    );
  });

  test("executes long items at its end in parallel, whatever the mean before them", () => {
    campaign(longTail, 6500, (world) => onlyFailed(world, [], ""));
  });

  test("does not wait for a blocked worker", () => {
    const totals = campaign(blockedWorker, 60_000, (world) => onlyFailed(world, [], ""));
    expect(totals["reported as blocked"]).toBeGreaterThan(SEEDS);
    expect(totals["worker is blocked"]).toBeGreaterThan(SEEDS / 2);
  });

  test("gives up an item that blocks for ever after its attempts, and loses no other item", () => {
    const totals = campaign(
      (seed) => ({ ...blockedWorker(seed), timeout: 1000, blocking: new Map([[100, 1e9]]) }),
      60_000,
      (world) => onlyFailed(world, ["a100"], "EXECUTION_TIMEOUT"),
    );
    expect(totals.blamed).toBeGreaterThanOrEqual(3 * SEEDS);
  });
});

describe("The simulator, with one rule for bad workers switched off, finds", () => {
  afterEach(() => vi.restoreAllMocks());

  test("an item that is granted to the worker on which it failed", () => {
    vi.spyOn(WorkerRecord.prototype, "willTakeItems").mockReturnValue(false);
    expect(() => campaign(badWorker(1500), 120_000, () => {})).toThrow("must not go where it failed");
  });

  test("a long item that waits behind a long item, without recall", () => {
    vi.spyOn(WorkerMessages.prototype, "recall").mockReturnValue();
    expect(() => campaign(longTail, 6500, () => {})).toThrow("must end within");
  });

  test("items that wait for a blocked worker, when its watching thread is ignored", () => {
    vi.spyOn(Fleet.prototype, "reported").mockReturnValue();
    expect(() =>
      campaign(
        (seed) => ({ ...blockedWorker(seed), timeout: 1000, blocking: new Map([[100, 1e9]]) }),
        60_000,
        (world) => onlyFailed(world, ["a100"], "EXECUTION_TIMEOUT"),
      ),
    ).toThrow("Seed");
  });
});
