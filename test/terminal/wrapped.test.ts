import { expect, test } from "vitest";
import { textWidth, wrapped } from "../../src/terminal/wrapped.ts";

test("Long lines are broken between words, and go on below their beginning", () => {
  expect(wrapped("one two three four\n  five six seven eight", 12)).toBe(
    "one two\n  three four\n  five six\n    seven\n    eight",
  );
  expect(wrapped("short\n\n  lines stay  as they are", 80)).toBe("short\n\n  lines stay  as they are");
  const long = "x ".repeat(500);
  expect(wrapped(long, textWidth({ columns: 80 }))).toBe(long);
  const lines = wrapped(long, textWidth({ isTTY: true, columns: 60 })).split("\n");
  expect(lines.length).toBeGreaterThan(1);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(60);
});

test("A path that is longer than a line is broken by the terminal only", () => {
  const path = `/tmp/${"folder/".repeat(10)}file.mjs`;
  expect(wrapped(`There is no file ${path} here`, 30)).toBe(`There is no file\n  ${path}\n  here`);
});

test("A command stays in one line, so that it can be copied", () => {
  const command = "zmqpipeline run 'my file.mjs' --journal run.journal";
  expect(wrapped(`stopped at 3; go on with ${command}, with the same inputs`, 40)).toBe(
    `stopped at 3; go on with\n  ${command},\n  with the same inputs`,
  );
});

test("Colours take no room in lines that are broken", () => {
  const red = "\u001b[31mfailed twice\u001b[39m";
  expect(wrapped(`${red} in square`, 22)).toBe(`${red} in square`);
});
