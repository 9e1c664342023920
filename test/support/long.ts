import { test } from "vitest";

/** A test that takes seconds: `npm run test:all` runs it, and the other tests of its file once more. */
export const long = process.env.TESTS === "long" ? test : test.skip;

/** A long test of what only Linux has. */
export const longOnLinux = process.platform === "linux" ? long : test.skip;
