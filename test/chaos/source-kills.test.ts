import { test } from "vitest";
import { killWithKeys, killWithoutKeys } from "./source-kills.ts";

test("A run killed 4 times whose source differs afterwards is refused before anything is executed", {
  timeout: 60_000,
}, async () => {
  await killWithoutKeys(4);
});

test("A run with keys killed 4 times, with another source each time, has every item collected once", {
  timeout: 60_000,
}, async () => {
  await killWithKeys(4);
});
