import { expect, test } from "vitest";
import { KeptErrors } from "../../../src/core/distributor/kept-errors.ts";

const LARGE = {
  name: "N".repeat(48_000),
  message: "M".repeat(48_000),
  stack: "S".repeat(48_000),
  code: "C".repeat(48_000),
  detail: new Uint8Array(65_000),
};

test("KeptErrors cuts errors for which there is no room, until the collector has confirmed others", () => {
  const kept = new KeptErrors();
  const all = Array.from({ length: 10_000 }, () => {
    const error = kept.bounded(LARGE);
    kept.add(error);
    return error;
  });
  const whole = all.filter((error) => error === LARGE);
  expect(whole.length).toBeGreaterThan(50);
  expect(whole.length).toBeLessThan(70);
  const { name, message, stack, code, detail } = all.at(-1) ?? LARGE;
  expect([name.length, message.length, stack, code.length, detail]).toEqual([128, 1024, "", 128, undefined]);
  for (const error of all) kept.remove(error);
  expect(kept.bounded(LARGE)).toBe(LARGE);
});
