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

/** Files whose tests leave nothing behind in their process: these files share one, and load the library once. */
const SHARED = existing([
  "test/{contract,core,metrics,protocol,simulation,structures,transport}/**/*.test.ts",
  "test/journal/{content,damage,journal}.test.ts",
  "test/role/{known-options,misuse,protected-mode,spelling}.test.ts",
  "test/cli/progress-text.test.ts",
  "test/cli/run/failure-groups.test.ts",
  "test/watching/block-detector.test.ts",
]);

const common = {
  pool: "forks",
  // Campaigns of many seeds take up to half an hour.
  testTimeout: isLong || process.env.SIMULATION_SEEDS !== undefined ? 1_800_000 : 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 10_000 } },
} as const;

export default defineConfig({
  test: {
    globalSetup: "test/support/end-with-run.ts",
    // The machine's cores are the tests' workers too; more files at once would measure each other's load.
    maxWorkers: isLong ? 2 : 3,
    projects: isLong
      ? [{ test: { ...common, name: "long", include: [LONG, ...CAMPAIGNS, ...partlyLongFiles()] } }]
      : [
          { test: { ...common, name: "alone", include: ["test/**/*.test.ts"], exclude: [LONG, ...SHARED], isolate: false } },
          { test: { ...common, name: "shared", include: SHARED, isolate: false } },
        ],
  },
});
