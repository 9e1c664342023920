import { defineConfig } from "vitest/config";
import { existing, partlyLongFiles } from "./test/support/test-files.ts";

/**
 * `npm test` runs all but the long tests: campaigns against real processes, examples, benchmarks, the installed package. `npm run test:all`
 * (TESTS=long) runs those, and the state machines once more with many more seeds.
 */
const isLong = process.env.TESTS === "long";
const LONG = "test/**/*.long.test.ts";
const CAMPAIGNS = existing(["test/simulation/*.test.ts", "test/core/fuzz/*.test.ts"]);

if (isLong) {
  process.env.CHAOS ??= "full";
  process.env.SIMULATION_SEEDS ??= "1000";
  process.env.FUZZ_RUNS ??= "10000";
}

/** Files that look at their whole process: each has one of its own. All others share processes, which load the library once. */
const ISOLATED = existing(["test/executor/threads/threads.test.ts"]);

const common = {
  pool: "forks",
  // Campaigns of many seeds take up to half an hour.
  testTimeout: isLong || process.env.SIMULATION_SEEDS !== undefined ? 1_800_000 : 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 30_000 } },
} as const;

export default defineConfig({
  test: {
    globalSetup: "test/support/end-with-run.ts",
    // The machine's cores are the tests' workers too; more files at once would measure each other's load.
    maxWorkers: isLong ? 2 : 3,
    projects: isLong
      ? [{ test: { ...common, name: "long", include: [LONG, ...CAMPAIGNS, ...partlyLongFiles()] } }]
      : [
          {
            test: {
              ...common,
              name: "shared",
              include: ["test/**/*.test.ts"],
              exclude: [LONG, ...ISOLATED],
              isolate: false,
            },
          },
          { test: { ...common, name: "isolated", include: ISOLATED } },
        ],
  },
});
