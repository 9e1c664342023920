// Long items with short ones behind them, and late workers, in the seeded simulator.
import assert from "node:assert/strict";
import { describe, expect, test } from "vitest";
import { campaign, EVERY_FAULT } from "./campaign.ts";
import { FIRST_SEED, naming, seedsOf } from "./seeds.ts";
import { World } from "./world.ts";
import type { WorldOptions } from "./world-options.ts";

const SEEDS = Math.ceil(seedsOf("badWorkers") / 3);

/** Longest time in virtual ms until all workers have started and are initialised. */
const STARTED_MS = 1000;

/** Four items of 5 s that follow one another among short ones, for four workers. */
const neighbours = (seed: number): WorldOptions => ({
  seed,
  items: 400,
  workers: 4,
  service: 2,
  blocking: new Map([100, 101, 102, 103].map((seq) => [seq, 5000])),
});

describe("A long item in the seeded simulator", () => {
  test("has its neighbours executed by other workers within a second, also when they are as long and block", () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++)
      naming(seed, () => {
        const world = new World(neighbours(seed));
        world.run(STARTED_MS + 5000 + 1000);
        assert.equal(world.outcome?.status, "complete");
        assert.equal(world.failures.size, 0);
      });
  });

  test("that never ends keeps no other item", () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++)
      naming(seed, () => {
        const world = new World({ ...neighbours(seed), blocking: new Map([[100, 1e9]]) });
        world.runUntil(STARTED_MS + 2500);
        assert.equal(world.lives[0]?.size, 399);
      });
  });
});

describe("Workers with several slots in the seeded simulator", () => {
  test("collect each item once, whatever fails", () => {
    const scenario = (seed: number): WorldOptions => ({
      seed,
      items: 200,
      workers: 3,
      service: 40,
      slots: 4,
      failing: 0.05,
      faultsUntil: 3000,
      faults: EVERY_FAULT,
    });
    const totals = campaign(scenario, () => {}, [], SEEDS);
    expect(totals["taken back from threads"]).toBeGreaterThan(0);
  });

  test("share a short run when one of them comes late", () => {
    // Both workers start within 300 ms; each item takes up to 60 ms.
    const totals = campaign(
      (seed) => ({ seed, items: 100, workers: 2, service: 60, slots: 10 }),
      (world) => {
        const [task] = [...world.core.tasks];
        assert.equal(task?.counts.acked, 100);
      },
      [],
      SEEDS,
    );
    expect(totals["taken back from threads"]).toBeGreaterThan(SEEDS / 2);
  });
});
