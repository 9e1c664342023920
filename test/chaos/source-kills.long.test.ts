import { test } from "vitest";
import { killWithKeys, killWithoutKeys } from "./source-kills.ts";

test("A run killed 100 times whose source differs afterwards is refused before anything is executed", {
  timeout: 600_000,
}, async () => {
  await killWithoutKeys(100);
});

test("A run with keys killed 100 times, with another source each time, has every item collected once", {
  timeout: 600_000,
}, async () => {
  for (let killed = 0; killed < 100; killed += 10) await killWithKeys(10);
});
