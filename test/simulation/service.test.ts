import assert from "node:assert/strict";
import { describe, expect, test } from "vitest";
import { FIRST_SEED, naming, seedsOf } from "./seeds.ts";
import { ServiceWorld } from "./service-world.ts";
import type { ServiceWorldOptions } from "./service-world-options.ts";

const SEEDS = seedsOf("service");

/** Runs a scenario for every seed. @returns How often each event happened. */
function campaign(scenario: Omit<ServiceWorldOptions, "seed">): Record<string, number> {
  const totals: Record<string, number> = {};
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    const world = new ServiceWorld({ ...scenario, seed });
    naming(seed, () => {
      world.run();
      checkOutcomes(world);
    });
    for (const [event, count] of Object.entries(world.counters)) totals[event] = (totals[event] ?? 0) + count;
  }
  return totals;
}

function checkOutcomes(world: ServiceWorld): void {
  for (const [id, { idempotent, executions, outcome }] of world.asked) {
    if (!idempotent) assert.ok(executions <= 1, `${id} must not run twice`);
    if (outcome === "ok") assert.ok(executions >= 1, `${id} was answered, so it must have run`);
  }
}

const calm = { clients: 3, workers: 3, requests: 60, every: 5, service: 10 };

describe("Services in the seeded simulator", () => {
  test("answer every request and run it once when nothing fails", () => {
    const totals = campaign({ ...calm, idempotent: 0.5 });
    expect(totals.ok).toBe(SEEDS * 3 * 60);
  });

  test("end every request under cut and muted connections, and run none twice unless it is idempotent", () => {
    const totals = campaign({
      ...calm,
      idempotent: 0.5,
      cancelling: 0.1,
      concurrency: 3,
      faultsUntil: 1000,
      faults: { cut: 60, mute: 200 },
    });
    expect(totals.REQUEST_LOST).toBeGreaterThan(0);
  });

  test("answer idempotent requests when workers are killed or frozen, and say of others that they may have run", () => {
    const faults = { killWorker: 60, freezeWorker: 300 };
    const totals = campaign({ ...calm, service: 30, faultsUntil: 1000, faults });
    expect(totals.REQUEST_LOST).toBeGreaterThan(0);
    const again = { ...calm, service: 30, idempotent: 1, crashLimit: Number.POSITIVE_INFINITY };
    const idempotent = campaign({ ...again, faultsUntil: 1000, faults });
    expect(idempotent.ok).toBe(SEEDS * 3 * 60);
  });

  test("reach a broker again that is killed or frozen", () => {
    const faults = { killBroker: 400, freezeBroker: 800 };
    const totals = campaign({ ...calm, idempotent: 1, faultsUntil: 1500, faults });
    expect(totals.ok).toBe(SEEDS * 3 * 60);
    expect(campaign({ ...calm, faultsUntil: 1500, faults }).REQUEST_LOST).toBeGreaterThan(0);
  });

  test("lose nothing when a broker is stopped and replaced: a request that it refuses did not run", () => {
    const totals = campaign({ ...calm, service: 30, faultsUntil: 1500, faults: { stopBroker: 400 } });
    expect(totals.REQUEST_LOST ?? 0).toBe(0);
    expect(totals.SERVICE_STOPPED).toBeGreaterThan(0);
    expect((totals.ok ?? 0) + (totals.SERVICE_STOPPED ?? 0)).toBe(SEEDS * 3 * 60);
  });

  test("keep nothing of clients that die or freeze", () => {
    campaign({
      ...calm,
      clients: 6,
      service: 50,
      faultsUntil: 500,
      faults: { killClient: 80, freezeClient: 200 },
    });
  });

  test("give up a request that kills its workers, and answer all others", () => {
    const totals = campaign({ ...calm, idempotent: 1, concurrency: 2, poison: [7, 20] });
    expect(totals.REQUEST_LOST).toBe(SEEDS * 2);
    expect(totals.ok).toBe(SEEDS * (3 * 60 - 2));
  });

  test("refuse requests before they run when the queue is full", () => {
    const totals = campaign({ ...calm, every: 1, maxQueue: 4 });
    expect(totals.SERVICE_BUSY).toBeGreaterThan(0);
    expect((totals.ok ?? 0) + (totals.SERVICE_BUSY ?? 0)).toBe(SEEDS * 3 * 60);
  });

  test("hold their invariants under all faults at once", () => {
    campaign({
      ...calm,
      idempotent: 0.5,
      cancelling: 0.1,
      concurrency: 2,
      poison: [10],
      faultsUntil: 2000,
      faults: {
        cut: 150,
        mute: 400,
        killWorker: 300,
        killBroker: 900,
        stopBroker: 900,
        killClient: 900,
        freezeWorker: 600,
        freezeBroker: 900,
        freezeClient: 600,
      },
    });
  });
});
