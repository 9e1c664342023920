import { describe, expect, test } from "vitest";
import { differenceText } from "../../src/testing/difference-text.ts";

describe("differenceText()", () => {
  test.each<[string, unknown, unknown]>([
    ["1 → 2", 1, 2],
    ["stock.pen: 8 → 6", { stock: { pen: 8, ink: 8 } }, { stock: { pen: 6, ink: 8 } }],
    ['["two words"].n: 1 → undefined', { "two words": { n: 1 } }, { "two words": { n: undefined } }],
    [
      "rows.get('a/0').n: 1 → 2",
      { rows: new Map([["a/0", { n: 1 }]]) },
      { rows: new Map([["a/0", { n: 2 }]]) },
    ],
    ["get('b'): absent → 1; get('a'): 1 → absent", new Map([["a", 1]]), new Map([["b", 1]])],
    ["seen has gained 3", { seen: new Set([1]) }, { seen: new Set([1, 3]) }],
    ["has gained 'b'", ["a", "c"], ["a", "b", "c"]],
    ["has lost 'b'", ["a", "b", "b", "c"], ["a", "b", "c"]],
    ["[1].n: 1 → 2", [{ n: 0 }, { n: 1 }], [{ n: 0 }, { n: 2 }]],
    ["null → []", null, []],
    ["1n → 1", 1n, 1],
    ["rows: Map(0) {} → []", { rows: new Map() }, { rows: [] }],
  ])("says %s", (text, before, after) => {
    const sorted = (line: string) => line.split("; ").toSorted().join("; ");
    expect(sorted(differenceText(before, after))).toBe(sorted(text));
  });

  test("shows three of many differences, and the place in a long text", () => {
    const many = Array.from({ length: 9 }, (_, index) => index);
    expect(differenceText([], many)).toBe("has gained 0; has gained 1; has gained 2; and 6 more");
    const large = Array.from({ length: 100_000 }, (_, index) => index);
    expect(differenceText([], large)).toMatch(/; and many more$/);
    const line = "x".repeat(10_000);
    expect(differenceText(`${line}one${line}`, `${line}two${line}`)).toMatch(/^…'x{20}one/);
  });
});
