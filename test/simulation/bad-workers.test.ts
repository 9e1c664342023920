import assert from "node:assert/strict";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Fleet } from "../../src/core/distributor/fleet.ts";
import { WorkerMessages } from "../../src/core/distributor/worker-messages.ts";
import { WorkerRecord } from "../../src/core/distributor/worker-record.ts";
import { World, type WorldOptions } from "./world.ts";

const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 30);
const FIRST = Number(process.env.SIMULATION_FIRST_SEED ?? 1);

/** Runs a scenario for every seed, each to its end within `limit` virtual ms. */
function campaign(scenario: (seed: number) => WorldOptions, limit: number, check: (world: World) => void) {
  const totals: Record<string, number> = {};
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const world = new World(scenario(seed));
    try {
      world.run(limit);
      assert.equal(world.outcome?.status, "complete", world.outcome?.error?.message);
      check(world);
    } catch (error) {
      throw new Error(`Seed ${seed} fails: ${(error as Error).message}`, { cause: error });
    }
    for (const [event, count] of Object.entries(world.counters)) totals[event] = (totals[event] ?? 0) + count;
  }
  return totals;
}

/** Every item was collected, but for these, which failed with this code. */
function onlyFailed(world: World, items: readonly string[], code: string): void {
  assert.deepEqual([...world.failures.keys()].sort(), items);
  for (const failure of world.failures.values()) assert.equal(failure.code, code);
}

const badWorker = (service: number) => (seed: number) =>
  ({ seed, items: 60, workers: 3, bad: 1, service, faults: { cut: 400 }, faultsUntil: 2000 }) as const;

/** Short items, and then two that take 4 s each, on two workers. */
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

describe("under the seeded simulator, with workers that fail or stand still", () => {
  test.each([20, 1500])(
    "a bad worker among good ones costs no item, with items of up to %i ms",
    (service) => {
      const totals = campaign(badWorker(service), 120_000, (world) => onlyFailed(world, [], ""));
      expect(totals["item failed"]).toBeGreaterThan(SEEDS);
    },
  );

  test("items that fail everywhere fail for good, in bounded time", () => {
    campaign(
      (seed) => ({ seed, items: 30, workers: 3, bad: 3, service: 5 }),
      60_000,
      (world) => assert.equal(world.failures.size, 30),
    );
  });

  test("long items at the end are done side by side, whatever the mean before them", () => {
    campaign(longTail, 6500, (world) => onlyFailed(world, [], ""));
  });

  test("nothing waits for a worker that is blocked", () => {
    const totals = campaign(blockedWorker, 60_000, (world) => onlyFailed(world, [], ""));
    expect(totals["reported as blocked"]).toBeGreaterThan(SEEDS);
    expect(totals["worker is blocked"]).toBeGreaterThan(SEEDS / 2);
  });

  test("an item that blocks for ever fails after its attempts, and costs no other item", () => {
    const totals = campaign(
      (seed) => ({ ...blockedWorker(seed), timeout: 1000, blocking: new Map([[100, 1e9]]) }),
      60_000,
      (world) => onlyFailed(world, ["a100"], "EXECUTION_TIMEOUT"),
    );
    expect(totals.blamed).toBeGreaterThanOrEqual(3 * SEEDS);
  });
});

describe("with one of these rules switched off, the simulator finds", () => {
  afterEach(() => vi.restoreAllMocks());

  test("an item that goes where it failed", () => {
    vi.spyOn(WorkerRecord.prototype, "willTakeItems").mockReturnValue(false);
    expect(() => campaign(badWorker(1500), 120_000, () => {})).toThrow("must not go where it failed");
  });

  test("a long item behind a long item, without recall", () => {
    vi.spyOn(WorkerMessages.prototype, "recall").mockReturnValue();
    expect(() => campaign(longTail, 6500, () => {})).toThrow("must end within");
  });

  test("items that wait for a worker that is blocked, when its watching thread is not believed", () => {
    vi.spyOn(Fleet.prototype, "blocked").mockReturnValue();
    expect(() =>
      campaign(
        (seed) => ({ ...blockedWorker(seed), timeout: 1000, blocking: new Map([[100, 1e9]]) }),
        60_000,
        (world) => onlyFailed(world, ["a100"], "EXECUTION_TIMEOUT"),
      ),
    ).toThrow("Seed");
  });
});
