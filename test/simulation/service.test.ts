import assert from "node:assert/strict";
import { describe, expect, test } from "vitest";
import { ServiceWorld, type ServiceWorldOptions } from "./service-world.ts";

const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 8);
const FIRST = Number(process.env.SIMULATION_FIRST_SEED ?? 1);

/** Runs a scenario for every seed; the failing seed is in the error, and running it again gives the same failure. */
function campaign(scenario: Omit<ServiceWorldOptions, "seed">): Record<string, number> {
  const totals: Record<string, number> = {};
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const world = new ServiceWorld({ ...scenario, seed });
    try {
      world.run();
      checkOutcomes(world);
    } catch (error) {
      throw new Error(`Seed ${seed} fails: ${(error as Error).message}`, { cause: error });
    }
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

describe("services under the seeded simulator", () => {
  test("in a calm world every request is answered and runs once", () => {
    const totals = campaign({ ...calm, idempotent: 0.5 });
    expect(totals.ok).toBe(SEEDS * 3 * 60);
  });

  test("cut and half-dead connections: no request hangs, none runs twice that must not", () => {
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

  test("killed and frozen workers: idempotent requests are answered, the others say that they may have run", () => {
    const faults = { killWorker: 60, freezeWorker: 300 };
    const totals = campaign({ ...calm, service: 30, faultsUntil: 1000, faults });
    expect(totals.REQUEST_LOST).toBeGreaterThan(0);
    const again = { ...calm, service: 30, idempotent: 1, crashLimit: Number.POSITIVE_INFINITY };
    const idempotent = campaign({ ...again, faultsUntil: 1000, faults });
    expect(idempotent.ok).toBe(SEEDS * 3 * 60);
  });

  test("a broker that is killed or frozen is found again", () => {
    const faults = { killBroker: 400, freezeBroker: 800 };
    const totals = campaign({ ...calm, idempotent: 1, faultsUntil: 1500, faults });
    expect(totals.ok).toBe(SEEDS * 3 * 60);
    expect(campaign({ ...calm, faultsUntil: 1500, faults }).REQUEST_LOST).toBeGreaterThan(0);
  });

  test("a broker that is stopped and replaced loses nothing: what it does not take did not run", () => {
    const totals = campaign({ ...calm, service: 30, faultsUntil: 1500, faults: { stopBroker: 400 } });
    expect(totals.REQUEST_LOST ?? 0).toBe(0);
    expect(totals.SERVICE_STOPPED).toBeGreaterThan(0);
    expect((totals.ok ?? 0) + (totals.SERVICE_STOPPED ?? 0)).toBe(SEEDS * 3 * 60);
  });

  test("clients that die or freeze leave nothing behind", () => {
    campaign({
      ...calm,
      clients: 6,
      service: 50,
      faultsUntil: 500,
      faults: { killClient: 80, freezeClient: 200 },
    });
  });

  test("a request that kills its workers is given up, and costs the others nothing", () => {
    const totals = campaign({ ...calm, idempotent: 1, concurrency: 2, poison: [7, 20] });
    expect(totals.REQUEST_LOST).toBe(SEEDS * 2);
    expect(totals.ok).toBe(SEEDS * (3 * 60 - 2));
  });

  test("a queue that is full turns requests away before they run", () => {
    const totals = campaign({ ...calm, every: 1, maxQueue: 4 });
    expect(totals.SERVICE_BUSY).toBeGreaterThan(0);
    expect((totals.ok ?? 0) + (totals.SERVICE_BUSY ?? 0)).toBe(SEEDS * 3 * 60);
  });

  test("everything at once", () => {
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
