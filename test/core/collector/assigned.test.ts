import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AssignedItems, holderKey } from "../../../src/core/collector/assigned-items.ts";
import type { Assigned, Result } from "../../../src/protocol/batch-message.ts";
import { seqOf } from "../../../src/protocol/generation.ts";
import { end, failed, hello, makeCore, open, produced } from "./core-and-sent.ts";

const assigned = (worker: string, seqs: readonly number[]): Assigned => ({
  type: "assigned",
  runId: "run",
  taskType: "a",
  workerId: worker,
  ticket: `ticket of ${worker}`,
  seqs,
});
/** @param ticket - That of the worker, where nothing else is said. */
const results = (worker: string, seqs: readonly number[], ticket = `ticket of ${worker}`): Result => ({
  type: "result",
  runId: "run",
  taskType: "a",
  workerId: worker,
  ticket,
  busyMs: 0,
  items: seqs.map((seq) => ({ seq, attempt: 1, payload: new Uint8Array(1) })),
});

/** A collector's core that collects a run with trust in the workers that items were given to. */
function collecting() {
  const { core, sent } = makeCore();
  core.ackLinkMessage("ack", hello("secret"));
  core.peerMessage("data", { ...open("secret"), trust: "assigned" });
  sent.length = 0;
  let now = 0;
  return {
    core,
    /** The workers that were refused, with how many of their results. */
    refused: () => sent.filter((what) => what.startsWith("refused")),
    /** The items that reach the handler now, and whose results they are. */
    handled() {
      const seen: string[] = [];
      for (let next = core.next(); next !== undefined; next = core.next()) {
        seen.push(`${next.seq} of ${next.workerId}`);
        core.handled(next, new Uint8Array());
      }
      return seen;
    },
    /** @returns How many ACKs are sent meanwhile. */
    wait(ms: number) {
      sent.length = 0;
      const until = now + ms;
      while (now < until) {
        now += 100;
        core.tick(now);
      }
      return sent.filter((what) => what.startsWith("ack")).length;
    },
  };
}

describe("With trust in the workers that items were given to, a collector's result", () => {
  test("is handled when its worker was given the item, before it arrives or afterwards", () => {
    const { core, handled } = collecting();
    core.peerMessage("data", assigned("w", [0, 1]));
    core.peerMessage("c1", results("w", [0, 1, 2]));
    expect(handled()).toEqual(["0 of w", "1 of w"]);
    core.peerMessage("data", assigned("w", [2, 3]));
    expect(handled()).toEqual(["2 of w"]);
    expect(core.refused).toBe(0);
  });

  test("is refused after 5 s when another worker was given the item", () => {
    const { core, handled, wait, refused } = collecting();
    core.peerMessage("data", assigned("w", [0]));
    core.peerMessage("c2", results("liar", [0]));
    wait(5200);
    expect(handled()).toEqual([]);
    expect(core.refused).toBe(1);
    expect(refused()).toEqual(["refused 1 of liar"]);
    core.peerMessage("c1", results("w", [0]));
    expect(handled()).toEqual(["0 of w"]);
  });

  test("does not come in with another's ticket, with another's name, or with the word of a worker", () => {
    const { core, handled, wait } = collecting();
    core.peerMessage("data", assigned("w", [0, 1, 2, 3]));
    core.peerMessage("data", assigned("liar", [9]));
    core.peerMessage("c2", results("w", [0], "ticket of liar"));
    core.peerMessage("c2", results("liar", [1], "ticket of w"));
    core.peerMessage("c2", results("w", [2], ""));
    core.peerMessage("c2", assigned("liar", [3]));
    core.peerMessage("c2", results("liar", [3]));
    core.peerMessage("data", produced(10, { all: true }));
    wait(5200);
    expect(handled()).toEqual([]);
    expect(core.refused).toBe(4);
  });

  test("is taken from each worker that the item was given to, and only the first one is handled", () => {
    const { core, handled, wait } = collecting();
    core.peerMessage("data", assigned("early", [0]));
    core.peerMessage("data", assigned("late", [0]));
    core.peerMessage("c1", results("early", [0]));
    expect(handled()).toEqual(["0 of early"]);
    core.peerMessage("c2", results("late", [0]));
    expect(handled()).toEqual([]);
    // Each of them hears that the item is settled.
    expect(wait(100)).toBe(2);
    expect(core.refused).toBe(0);
  });

  test("is refused, and yet confirmed, when the item was collected while it waited", () => {
    const { core, handled, wait } = collecting();
    core.peerMessage("c2", results("forgotten", [0]));
    core.peerMessage("data", assigned("w", [0]));
    core.peerMessage("c1", results("w", [0]));
    expect(handled()).toEqual(["0 of w"]);
    expect(wait(5200)).toBe(2);
    expect(core.refused).toBe(1);
  });

  test("is not in the way of the right one: they wait apart", () => {
    const { core, handled } = collecting();
    core.peerMessage("c2", results("w", [0], "guessed"));
    core.peerMessage("c1", results("w", [0]));
    core.peerMessage("data", assigned("w", [0]));
    expect(handled()).toEqual(["0 of w"]);
  });

  test("of an item that is executed again is that of its worker in this generation", () => {
    const { core, handled, wait } = collecting();
    const again = seqOf(0, 1);
    core.peerMessage("data", assigned("first", [0]));
    core.peerMessage("data", { ...failed, seq: 0 });
    core.peerMessage("data", assigned("second", [again]));
    core.peerMessage("c1", results("first", [again]));
    core.peerMessage("c2", results("second", [again]));
    expect(handled()).toEqual(["0 of ", `${again} of second`]);
    wait(5200);
    expect(core.refused).toBe(1);
  });

  test("that waits when the run is complete is refused", () => {
    const { core } = collecting();
    core.peerMessage("c2", results("liar", [0, 1]));
    core.peerMessage("data", end);
    expect(core.refused).toBe(2);
  });

  test("is judged by what the distributor says last: a distributor that is started again may have another trust", () => {
    const { core, handled } = collecting();
    core.peerMessage("c2", results("liar", [0]));
    core.peerMessage("data2", open("secret"));
    core.peerMessage("data2", produced(1));
    core.peerMessage("c2", results("liar", [0]));
    expect(handled()).toEqual(["0 of liar"]);
    core.peerMessage("data3", { ...open("secret"), trust: "assigned" });
    core.peerMessage("data3", assigned("w", [1]));
    core.peerMessage("c2", results("liar", [1]));
    core.peerMessage("c1", results("w", [1]));
    expect(handled()).toEqual(["1 of w"]);
  });
});

/** What happens to a collector, in any order. */
const step = fc.oneof(
  fc.record({ kind: fc.constant("assigned" as const), worker: fc.nat(2), seqs: fc.array(fc.nat(9)) }),
  fc.record({
    kind: fc.constant("results" as const),
    worker: fc.nat(2),
    ticketOf: fc.nat(3),
    seqs: fc.uniqueArray(fc.nat(9)),
  }),
  fc.record({ kind: fc.constant("failed" as const), seq: fc.nat(9) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(100, 2000, 6000) }),
);

test("With trust in the workers that items were given to, a collector handles each item once, and only from these, whatever happens", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { core, handled, wait } = collecting();
      const given = new Set<string>();
      const seen = new Set<string>();
      let reported = 0;
      for (const each of steps) {
        if (each.kind === "assigned") {
          for (const seq of each.seqs) given.add(`${seq} of w${each.worker}`);
          core.peerMessage("data", assigned(`w${each.worker}`, each.seqs));
        } else if (each.kind === "results") {
          reported += each.seqs.length;
          core.peerMessage(
            `c${each.worker}`,
            results(`w${each.worker}`, each.seqs, `ticket of w${each.ticketOf}`),
          );
        } else if (each.kind === "failed") {
          given.add(`${each.seq} of `);
          core.peerMessage("data", { ...failed, seq: each.seq });
        } else wait(each.ms);
        for (const what of handled()) {
          const [seq = ""] = what.split(" ");
          expect(given.has(what)).toBe(true);
          expect(seen.has(seq)).toBe(false);
          seen.add(seq);
        }
      }
      // A result is handled, refused or counted as repeated; one that waits already is not counted again.
      wait(6000);
      const failures = steps.filter(({ kind }) => kind === "failed").length;
      expect(handled()).toEqual([]);
      expect(core.refused + seen.size).toBeLessThanOrEqual(reported + failures);
    }),
    { numRuns: 300 },
  );
});

test("Of items that were given to workers, a collector keeps nothing once they are collected", () => {
  const items = new AssignedItems();
  const isCollected = (seq: number) => seq < 10;
  for (const worker of ["v", "w"]) items.add(assigned(worker, [9, 10, 11]), isCollected);
  expect(items.size).toBe(2);
  for (const seq of [10, 11]) items.collected(seq);
  expect(items.size).toBe(0);
});

test("Of an item that was given to ever more workers, a collector remembers the latest 16", () => {
  const items = new AssignedItems();
  for (let worker = 0; worker < 20; worker++) items.add(assigned(`w${worker}`, [0]), () => false);
  const known = Array.from({ length: 20 }, (_, worker) =>
    items.has(0, holderKey(assigned(`w${worker}`, []))),
  );
  expect(known).toEqual(Array.from({ length: 20 }, (_, worker) => worker >= 4));
});
