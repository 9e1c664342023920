import assert from "node:assert/strict";
import type { Durability } from "../../src/journal/journal-options.ts";
import type { Fault } from "../../src/testing/simulator/faults.ts";
import { FIRST_SEED, naming, seedsOf } from "./seeds.ts";
import { World } from "./world.ts";
import type { WorldOptions } from "./world-options.ts";

export const SEEDS = seedsOf("batch");

/** Seeds that are tried for an event that few seeds bring about. */
const MANY = 2000;

/**
 * Runs a scenario for every seed, and for further seeds until each of the `rare` events has happened.
 *
 * @returns How often each event happened.
 */
export function campaign(
  scenario: (seed: number) => WorldOptions,
  check: (world: World) => void = () => {},
  rare: readonly string[] = [],
  seeds = SEEDS,
): Record<string, number> {
  const totals: Record<string, number> = {};
  const isComplete = () => rare.every((event) => (totals[event] ?? 0) > 0);
  for (
    let seed = FIRST_SEED;
    seed < FIRST_SEED + seeds || (!isComplete() && seed < FIRST_SEED + MANY);
    seed++
  ) {
    const world = new World(scenario(seed));
    naming(seed, () => {
      world.run();
      checkSafety(world);
      checkOutcome(world, scenario(seed));
      check(world);
    });
    for (const [event, count] of Object.entries(world.counters)) totals[event] = (totals[event] ?? 0) + count;
  }
  return totals;
}

/** Checks what must be true at any moment: no item is collected twice, invented, or ACKed without being collected. */
export function checkSafety(world: World): void {
  for (const life of world.lives) {
    for (const [id, times] of life)
      assert.equal(times, 1, `item ${id} must be collected once per collector life`);
  }
  for (const task of world.core.tasks) {
    for (let seq = 0; seq < task.nextSeq; seq++) {
      const id = `${task.name}${seq}`;
      const isKept = task.items.get(seq) !== undefined;
      const isKnown = isKept || world.failures.has(id) || world.lives.some((life) => life.has(id));
      assert.ok(isKnown, `item ${id} must be in the ledger, collected, or reported as failed`);
    }
  }
}

/** Checks what must be true at the end of a run. */
function checkOutcome(world: World, options: WorldOptions): void {
  assert.equal(world.outcome?.status, "complete", world.outcome?.error?.message);
  for (const life of world.lives) {
    const isInvented = [...life.keys()].some((id) => Number(id.slice(1)) >= options.items);
    assert.ok(!isInvented, "no item is invented");
  }
  if (options.inventing === undefined)
    assert.equal(
      world.counters["refused results of items that do not exist"] ?? 0,
      0,
      "no result of an item is refused",
    );
  for (const { counts, nextSeq } of world.core.tasks) {
    assert.equal(nextSeq, options.items);
    assert.equal(counts.items, options.items);
    assert.equal(counts.acked + counts.failed, options.items);
  }
}

/** Mean ms between two faults, of all kinds that need no journal. */
export const EVERY_FAULT: Partial<Record<Fault, number>> = {
  cut: 300,
  mute: 900,
  killWorker: 500,
  freezeWorker: 900,
  freezeDistributor: 2500,
  freezeCollector: 2500,
  killCollector: 2500,
};

/** A run with a journal whose distributor is killed again and again. */
export const journalled = (journal: Durability, seed: number): WorldOptions => ({
  seed,
  items: 80,
  workers: 3,
  service: 20,
  failing: 0.1,
  journal,
  dependent: seed % 2 === 0,
  faultsUntil: 4000,
  faults: {
    killDistributor: 700,
    killCollector: 2500,
    killWorker: 2000,
    cut: 700,
    mute: 1200,
    freezeDistributor: 2500,
  },
});
