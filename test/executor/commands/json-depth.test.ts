import { describe, expect, test } from "vitest";
import { isNestedDeeper } from "../../../src/executor/commands/json-depth.ts";

describe("isNestedDeeper", () => {
  test.each([
    ["[[1],[2],{}]", 2],
    ['{"a":[{"b":1}]}', 3],
    ['["[[[[","\\"[[[","\\\\",["\\\\\\"["]]', 2],
    ["[]".repeat(50), 1],
  ])("finds the levels of %s", (text, levels) => {
    expect(isNestedDeeper(text, levels)).toBe(false);
    expect(isNestedDeeper(text, levels - 1)).toBe(true);
  });

  test("ends at a string without an end", () => {
    expect(isNestedDeeper('["[[[[\\"', 1)).toBe(false);
  });
});
