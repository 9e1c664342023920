import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Inbox } from "../../src/core/collector/inbox.ts";
import { assertRunnable } from "../../src/core/distributor/dependency-graph.ts";
import { backoffAfter, resolveRetryPolicy } from "../../src/core/distributor/retry-policy.ts";
import { RoleClock } from "../../src/core/role-clock.ts";
import { Window } from "../../src/core/window.ts";
import { DecodeAhead } from "../../src/executor/decode-ahead.ts";
import { Fifo } from "../../src/structures/fifo.ts";
import { SeqMap } from "../../src/structures/seq-map.ts";
import { SeqSet } from "../../src/structures/seq-set.ts";

describe("SeqSet", () => {
  test("behaves as a Set of numbers, in any order of adding", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60)), (numbers) => {
        const ours = new SeqSet();
        const model = new Set<number>();
        for (const number of numbers) {
          expect(ours.add(number)).toBe(!model.has(number));
          model.add(number);
          for (let probe = 0; probe <= 61; probe++) expect(ours.has(probe)).toBe(model.has(probe));
        }
        const sorted = [...model].sort((a, b) => a - b);
        expect(ours.ranges).toBe(sorted.filter((n, index) => n !== (sorted[index - 1] ?? -5) + 1).length);
      }),
    );
  });

  test("stays small: ten million numbers without two are three ranges", () => {
    const set = new SeqSet();
    for (let n = 0; n < 10_000_000; n++) if (n !== 5 && n !== 5_000_000) set.add(n);
    expect(set.ranges).toBe(3);
  });
});

describe("Fifo", () => {
  test("behaves as an array", () => {
    const step = fc.oneof(
      fc.nat().map((value) => ({ push: value })),
      fc.constantFrom("shift" as const, "pop" as const, "odd" as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const ours = new Fifo<number>();
        let model: number[] = [];
        for (const each of steps) {
          if (typeof each === "object") {
            ours.push(each.push);
            model.push(each.push);
          } else if (each === "odd") {
            ours.filter((value) => value % 2 === 1);
            model = model.filter((value) => value % 2 === 1);
          } else expect(ours[each]()).toBe(model[each]());
          expect(ours.size).toBe(model.length);
          for (const index of [0, 1, 7]) expect(ours.peek(index)).toBe(model[index]);
        }
        expect([...ours]).toEqual(model);
      }),
    );
  });
});

describe("SeqMap", () => {
  test("behaves as a Map of numbers", () => {
    const step = fc.record({ action: fc.constantFrom("set", "delete", "get"), seq: fc.nat(300) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const ours = new SeqMap<{ readonly step: number }>();
        const model = new Map<number, { readonly step: number }>();
        for (const [at, { action, seq }] of steps.entries()) {
          if (action === "set") {
            ours.set(seq, { step: at });
            model.set(seq, { step: at });
          } else if (action === "delete") {
            expect(ours.delete(seq)).toBe(model.delete(seq));
          }
          expect(ours.get(seq)).toEqual(model.get(seq));
          expect(ours.size).toBe(model.size);
        }
        const byStep = (values: Iterable<{ step: number }>) => [...values].sort((a, b) => a.step - b.step);
        expect(byStep(ours.values())).toEqual(byStep(model.values()));
        ours.clear();
        expect([ours.size, [...ours.values()]]).toEqual([0, []]);
      }),
    );
  });
});

describe("Inbox", () => {
  const batch = (workerId: string, ...seqs: number[]) => ({
    runId: "run",
    task: "task",
    workerId,
    ticket: "",
    busyMs: 0,
    busyItems: 0,
    connection: workerId,
    bytes: 0,
    items: seqs.map((seq) => ({ seq, attempt: 1, payload: new Uint8Array() })),
  });
  const acked = (inbox: Inbox) => inbox.takeAcks("run").map(({ workerId, seqs }) => [workerId, ...seqs]);

  test("hands each item out once, and ACKs every delivery when it was handled", () => {
    const inbox = new Inbox();
    inbox.add(batch("a", 0, 1));
    inbox.add(batch("b", 1, 2)); // 1 is waiting
    const handed: number[] = [];
    for (let next = inbox.next(); next !== undefined; next = inbox.next()) {
      handed.push(next.seq);
      inbox.handled(next, new Uint8Array());
    }
    expect(handed).toEqual([0, 1, 2]);
    expect(acked(inbox)).toEqual([
      ["a", 0, 1],
      ["b", 2],
    ]);
    inbox.add(batch("b", 1)); // 1 was handled
    expect([inbox.size, inbox.duplicates, inbox.hasAcks]).toEqual([0, 2, true]);
    expect(acked(inbox)).toEqual([["b", 1]]);
  });
});

describe("DecodeAhead", () => {
  test("decodes in batches, in the order of turns, and reports a broken item in its turn", () => {
    const decoded: number[] = [];
    const items = [0, 1, 2, 9, 3].map((byte) => ({ payload: Uint8Array.of(byte) }));
    let next = 0;
    const decode = ([byte = 0]: Uint8Array) => {
      decoded.push(byte);
      if (byte === 9) throw new Error("broken");
      return { byte };
    };
    const ahead = new DecodeAhead<(typeof items)[0]>(decode, (index) => items[next + index]);
    const take = () => ahead.take(items[next++] as (typeof items)[0]);
    expect(take()).toEqual({ byte: 0 });
    expect(decoded).toEqual([0, 1, 2, 9]);
    expect([take(), take()]).toEqual([{ byte: 1 }, { byte: 2 }]);
    expect(decoded).toEqual([0, 1, 2, 9]);
    expect(take).toThrow("broken");
    expect(take()).toEqual({ byte: 3 });
  });

  test("forgets the decoded payloads of items that are revoked", () => {
    const items = [1, 2, 3].map((byte) => ({ payload: Uint8Array.of(byte) }));
    const [first, , third] = items as [(typeof items)[0], unknown, (typeof items)[0]];
    const ahead = new DecodeAhead<(typeof items)[0]>(
      ([byte = 0]) => ({ byte }),
      (index) => items[index + 1],
    );
    expect(ahead.take(first)).toEqual({ byte: 1 });
    expect(ahead.take(third)).toEqual({ byte: 3 });
  });
});

describe("RoleClock", () => {
  test("does not count the time in which its role was frozen", () => {
    const clock = new RoleClock();
    clock.tick(1000);
    clock.tick(1020);
    expect(clock.now).toBe(20);
    clock.tick(21_020);
    expect(clock.now).toBe(220);
    expect(clock.skipped).toBe(19_800);
  });
});

describe("Window", () => {
  const limits = { maxWindow: 8192, windowBytes: 1_000_000, windowTimeMs: 300 };
  const settled = (busyMicros: number, bytes = 0, slots = 1) => {
    const window = new Window(slots, limits);
    for (let i = 0; i < 30; i++) window.observe((busyMicros * 10) / 1000, bytes * 10, 10);
    return window.size;
  };

  test("holds one long item, some short ones, or thousands of tiny ones", () => {
    expect(settled(1_000_000)).toBe(1);
    expect(settled(100_000)).toBe(3);
    expect(settled(10_000)).toBe(30);
    expect(settled(100)).toBe(3000);
    expect(settled(1)).toBe(8192);
  });

  test("grows at most fourfold for each measurement, and knows nothing at first", () => {
    const window = new Window(1, limits);
    expect(window.size).toBe(1);
    window.observe(0.001, 0, 1);
    expect(window.size).toBe(4);
  });

  test("may begin with several items per slot, and grows twofold then", () => {
    const window = new Window(10, limits, 2);
    expect([window.isMeasured, window.size]).toEqual([false, 20]);
    window.observe(10, 0, 1);
    expect([window.isMeasured, window.size]).toEqual([true, 40]);
    window.observe(5000, 0, 1);
    expect(window.size).toBe(10);
  });

  test("keeps every slot busy, and is bounded in bytes", () => {
    expect(settled(1_000_000, 0, 50)).toBe(50);
    expect(settled(10_000, 0, 50)).toBe(1500);
    expect(settled(1, 100_000)).toBeLessThanOrEqual(10);
  });
});

describe("A retry policy", () => {
  test("doubles the wait up to its limit", () => {
    const policy = resolveRetryPolicy({ backoff: 100, maxBackoff: 500 });
    expect([1, 2, 3, 4, 50].map((failures) => backoffAfter(failures, policy))).toEqual([
      100, 200, 400, 500, 500,
    ]);
    expect(policy.attempts).toBe(3);
  });

  test("refuses values that make no sense", () => {
    expect(() => resolveRetryPolicy({ attempts: 0 })).toThrow(RangeError);
    expect(() => resolveRetryPolicy({ attempts: 1.5 })).toThrow(RangeError);
    expect(() => resolveRetryPolicy({ backoff: -1 })).toThrow(RangeError);
    expect(() => resolveRetryPolicy({ maxBackoff: Number.NaN })).toThrow(RangeError);
  });
});

describe("Dependencies of tasks:", () => {
  const node = (name: string, ...dependencies: string[]) => ({ name, dependencies });

  test("diamonds and long chains can run", () => {
    assertRunnable([node("a"), node("b", "a"), node("c", "a"), node("d", "b", "c")]);
    assertRunnable(
      Array.from({ length: 5000 }, (_, n) => node(String(n), ...(n > 0 ? [String(n - 1)] : []))).reverse(),
    );
  });

  test("a task that depends on itself is a cycle", () => {
    expect(() => assertRunnable([node("a", "a")])).toThrow('Task dependencies form a cycle: "a" -> "a"');
  });
});
