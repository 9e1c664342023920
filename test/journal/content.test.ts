import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ContentTrail } from "../../src/journal/content-trail.ts";
import { KeySet } from "../../src/journal/key-set.ts";

const payloads = fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 60 });

function trailOf(items: readonly Uint8Array[], maxMarks?: number): ContentTrail {
  const trail = new ContentTrail(maxMarks);
  for (const item of items) trail.add(item);
  return trail;
}

test("A ContentTrail finds the first item that differs, whatever the items are", () => {
  fc.assert(
    fc.property(payloads, payloads, (before, now) => {
      const compare = trailOf(before).comparison();
      const first = before.findIndex(
        (item, index) => !Buffer.from(item).equals(now[index] ?? Buffer.from("?")),
      );
      for (const [index, item] of now.slice(0, before.length).entries()) {
        const difference = compare(item);
        if (index === first) return assert.deepEqual(difference, { from: first, to: first });
        assert.equal(difference, undefined);
      }
    }),
    { numRuns: 2000 },
  );
});

test("A ContentTrail that has dropped marks still finds every difference, between two marks", () => {
  const before = Array.from({ length: 1000 }, (_, n) => Buffer.from(`item ${n}`));
  const whole = trailOf(before, 16);
  expect(whole.state.marks.length).toBeLessThanOrEqual(16);
  expect(whole.state.stride).toBe(64);
  // As it is written to a file, and read again.
  const trail = ContentTrail.from(whole.state);
  for (let changed = 0; changed < before.length; changed++) {
    const compare = trail.comparison();
    const found = before
      .map((item, n) => compare(n === changed ? Buffer.from("another") : item))
      .find((difference) => difference !== undefined);
    assert.ok(found !== undefined && found.from <= changed && changed <= found.to, `changed at ${changed}`);
  }
});

test("A ContentTrail that was read again goes on as the one that was written", () => {
  fc.assert(
    fc.property(payloads, payloads, (first, second) => {
      const one = trailOf([...first, ...second], 8);
      const restored = ContentTrail.from(trailOf(first, 8).state);
      for (const item of second) restored.add(item);
      assert.deepEqual(restored.state.lanes, one.state.lanes);
      assert.equal(restored.state.count, one.state.count);
    }),
  );
});

test("A ContentTrail tells apart items that end elsewhere, and changes of the highest bits that would cancel each other out", () => {
  const lanes = (...items: (string | Uint8Array)[]) =>
    trailOf(items.map((item) => Buffer.from(item))).state.lanes;
  expect(lanes("ab", "c")).not.toEqual(lanes("a", "bc"));
  expect(lanes("abc", "")).not.toEqual(lanes("abc"));
  const words = (...values: number[]) => Uint8Array.from(values.flatMap((value) => [0, 0, 0, value]));
  expect(lanes(words(128, 128))).not.toEqual(lanes(words(0, 0)));
  expect(lanes(words(1, 2))).not.toEqual(lanes(words(2, 1)));
});

test("A KeySet knows what was added, and tells items of an earlier run from repetitions", () => {
  const hash = (n: number) => createHash("sha256").update(String(n)).digest().subarray(0, 16);
  fc.assert(
    fc.property(fc.array(fc.nat(200), { maxLength: 300 }), fc.array(fc.nat(200)), (earlier, now) => {
      const first = new KeySet();
      for (const n of earlier) if (first.meet(hash(n)) === "new") first.add(hash(n));
      assert.equal(first.size, new Set(earlier).size);
      const second = new KeySet();
      for (const { hashes, isKept } of first.chunks()) second.restore(hashes, isKept);
      const met = new Set<number>();
      for (const n of now) {
        const expected = met.has(n) ? "repeated" : earlier.includes(n) ? "expected" : "new";
        assert.equal(second.meet(hash(n)), expected);
        if (expected === "new") second.add(hash(n));
        met.add(n);
      }
      second.keep();
      const third = new KeySet();
      for (const { hashes, isKept } of second.chunks()) third.restore(hashes, isKept);
      for (const n of [...earlier, ...now]) assert.equal(third.meet(hash(n)), "repeated");
      assert.equal(third.size, new Set([...earlier, ...now]).size);
    }),
  );
});
