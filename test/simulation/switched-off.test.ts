import { afterEach, describe, expect, test, vi } from "vitest";
import { ExistingItems } from "../../src/core/collector/existing-items.ts";
import { Outbox } from "../../src/core/worker/outbox.ts";
import { OutputGate } from "../../src/distributor/output-gate.ts";
import { SeqSet } from "../../src/structures/seq-set.ts";
import { MemoryFile } from "../../src/testing/simulator/memory-file.ts";
import { campaign, journalled } from "./campaign.ts";
import type { WorldOptions } from "./world-options.ts";

/** Runs a scenario until the run of a seed breaks an invariant, and throws what it found. The simulator is trusted because it finds these faults. */
function find(scenario: (seed: number) => WorldOptions): void {
  campaign(scenario, undefined, ["never"]);
}

describe("The simulator, with a part of the library switched off, finds", () => {
  afterEach(() => vi.restoreAllMocks());

  test("an item that is collected twice, without de-duplication", () => {
    vi.spyOn(SeqSet.prototype, "add").mockReturnValue(true);
    expect(() => find((seed) => journalled("process-crash", seed))).toThrow(
      "must be collected once per collector life",
    );
  });

  test("results of items that do not exist, when the collector believes that they exist", () => {
    vi.spyOn(ExistingItems.prototype, "has").mockReturnValue(true);
    expect(() => find((seed) => ({ ...journalled("process-crash", seed), inventing: 50 }))).toThrow(
      "no item is invented",
    );
  });

  test("a run that hangs on a lost result, without repetition", () => {
    vi.spyOn(Outbox.prototype, "resendResults").mockReturnValue();
    vi.spyOn(Outbox.prototype, "tick").mockReturnValue(0);
    expect(() =>
      find((seed) => ({
        seed,
        items: 60,
        workers: 3,
        service: 20,
        faultsUntil: 2000,
        faults: { killCollector: 500 },
      })),
    ).toThrow("must end within");
  });

  test("an ACKed item that is executed again, when messages do not wait for the journal", () => {
    vi.spyOn(OutputGate.prototype, "pass").mockImplementation((output) => output());
    expect(() => find((seed) => journalled("power-loss", seed))).toThrow(
      /was confirmed|whenever it is executed/,
    );
  });

  test("an item with two payloads, or an ACKed item that is executed again, when the journal is not flushed to the disk", () => {
    vi.spyOn(MemoryFile.prototype, "sync").mockImplementation((done) => done(null));
    expect(() => find((seed) => journalled("power-loss", seed))).toThrow(
      /was confirmed|whenever it is executed/,
    );
  });
});
