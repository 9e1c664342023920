import { test } from "vitest";
import { isFull } from "./chaos-run.ts";
import { killWithKeys, killWithoutKeys } from "./source-kills.ts";

const KILLS = isFull ? 100 : 4;
const KILLS_OF_A_RUN = isFull ? 10 : 4;

test(`A run killed ${KILLS} times whose source differs afterwards is refused before anything is executed`, {
  timeout: 600_000,
}, async () => {
  await killWithoutKeys(KILLS);
});

test(`A run with keys killed ${KILLS} times, with another source each time, has every item collected once`, {
  timeout: 600_000,
}, async () => {
  for (let killed = 0; killed < KILLS; killed += KILLS_OF_A_RUN) await killWithKeys(KILLS_OF_A_RUN);
});
