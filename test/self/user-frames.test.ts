import { expect, test } from "vitest";
import { isUserFrame, userStack } from "../../src/self/user-frames.ts";

const USERS = [
  "    at check (/srv/app/check.js:3:9)",
  "    at async file:///srv/my%20app/run.mjs:12:5",
  "    at parse (/srv/app/node_modules/csv/lib/parse.js:40:11)",
  "    at Row.check [as test] (C:\\app\\row.js:3:9)",
];
const OTHERS = [
  "    at execute (/srv/app/node_modules/zmqpipeline/dist/executor.js:10:3)",
  `    at execute (${new URL("../../src/executor/executor.ts", import.meta.url).pathname}:10:3)`,
  "    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)",
  "    at load (/srv/app/node_modules/tsx/dist/loader.js:1:2)",
  "    at Array.map (<anonymous>)",
];

test.each(USERS)("A frame of the user's: %s", (frame) => expect(isUserFrame(frame)).toBe(true));
test.each(OTHERS)("A frame of something else: %s", (frame) => expect(isUserFrame(frame)).toBe(false));

test("A stack keeps its message, and the frames of the user's code", () => {
  const message = "RangeError: row 3\n  has no id";
  const mixed = [OTHERS[4], USERS[0], OTHERS[0], USERS[2], OTHERS[2]];
  expect(userStack([message, ...mixed].join("\n"))).toBe([message, USERS[0], USERS[2]].join("\n"));
  expect(userStack([message, ...OTHERS].join("\n"))).toBe(message);
});

test.each(["", "Error: alone", "no stack\nat all", "\n    at "])(
  "The text %j is no stack with frames",
  (text) => {
    expect(userStack(text).trim()).toBe(text.replace("\n    at ", "").trim());
  },
);
