import { defineConfig } from "vitest/config";

/**
 * `npm test` runs all but the long tests: campaigns against real processes, examples, benchmarks, the installed package. `npm run test:all`
 * (TESTS=long) runs those, and the state machines once more with many more seeds.
 */
const isLong = process.env.TESTS === "long";
const LONG = "test/**/*.long.test.ts";
const CAMPAIGNS = ["test/simulation/*.test.ts", "test/core/fuzz.test.ts"];
/** Files with single tests that are long, marked by `long` of test/support/long.ts. */
const PARTLY_LONG = [
  "test/cli/run.test.ts",
  "test/integration/{delivery,faults,service-faults,service-threads,slow-collector,threads}.test.ts",
  "test/pipeline/{map,worker-life}.test.ts",
];

if (isLong) {
  process.env.CHAOS ??= "full";
  process.env.SIMULATION_SEEDS ??= "1000";
  process.env.FUZZ_RUNS ??= "10000";
}

/** Files whose tests leave nothing behind in their process: they share it, and load the library once. */
const SHARED = [
  "test/{contract,core,metrics,protocol,simulation,structures,transport}/**/*.test.ts",
  "test/journal/content.test.ts",
  "test/role/{known-options,misuse,protected-mode,spelling}.test.ts",
  "test/cli/{failure-groups,progress-text}.test.ts",
  "test/watching/block-detector.test.ts",
];

const common = {
  pool: "forks",
  // More seeds than usual take their time.
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
      ? [{ test: { ...common, name: "long", include: [LONG, ...CAMPAIGNS, ...PARTLY_LONG] } }]
      : [
          { test: { ...common, name: "alone", include: ["test/**/*.test.ts"], exclude: [LONG, ...SHARED] } },
          { test: { ...common, name: "shared", include: SHARED, isolate: false } },
        ],
  },
});
