import { defineConfig } from "vitest/config";

/** Long campaigns end in `.long.test.ts`; `npm run test:all` runs them, `npm test` does not. */
const LONG = "test/**/*.long.test.ts";
const runsLong = process.env.TESTS === "long";

export default defineConfig({
  test: {
    include: runsLong ? [LONG] : ["test/**/*.test.ts"],
    exclude: runsLong ? [] : [LONG],
    pool: "forks",
    testTimeout: runsLong ? 240_000 : 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 10_000 } },
    // The machine's cores are the tests' workers too; more files at once would measure each other's load.
    maxWorkers: 2,
  },
});
