import { defineConfig } from "vitest/config";

/** `npm run test:all` runs the long campaigns, and the state machines under many more seeds; `npm test` runs everything else. */
const isLong = process.env.TESTS === "long";
const LONG = "test/**/*.long.test.ts";
const CAMPAIGNS = ["test/chaos/*.test.ts", "test/simulation/*.test.ts", "test/core/fuzz.test.ts"];

if (isLong) {
  process.env.CHAOS ??= "full";
  process.env.SIMULATION_SEEDS ??= "1000";
  process.env.FUZZ_RUNS ??= "10000";
}

export default defineConfig({
  test: {
    include: isLong ? [LONG, ...CAMPAIGNS] : ["test/**/*.test.ts"],
    exclude: isLong ? [] : [LONG],
    pool: "forks",
    testTimeout: isLong ? 900_000 : 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 10_000 } },
    // The machine's cores are the tests' workers too; more files at once would measure each other's load.
    maxWorkers: 2,
  },
});
