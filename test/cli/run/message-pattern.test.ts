import { expect, test } from "vitest";
import { commonPattern, masked } from "../../../src/cli/run/message-pattern.ts";

test.each([
  ["item 17 is wrong", "item # is wrong"],
  ["-3.5e-7 is below 0", "# is below #"],
  ["1,234 of 5,678 rows", "# of # rows"],
  ["user42 has -1", "user# has #"],
  ['no user \'bob\' in "a \\" b" or `c`', 'no user "…" in "…" or "…"'],
  ["“one” and «two»", '"…" and "…"'],
  ["can't open what isn't there", "can't open what isn't there"],
  ["can't open 'it'", 'can\'t open "…"'],
  ["ENOENT: no such file or directory, open '/tmp/a b/3.txt'", 'ENOENT: no such file or directory, open "…"'],
  ["key 6d1f0c2b7a9e4835 at 0x7fFF", "key # at #"],
  ["job 123e4567-e89b-12d3-a456-426614174000", "job #"],
  ["defaced facade", "defaced facade"],
  ['an "open quote and 1', 'an "open quote and #'],
  ["", ""],
])("The message %j is masked as %j", (message, pattern) => {
  expect(masked(message)).toBe(pattern);
});

test("Masking takes no longer for hostile messages", () => {
  for (const text of ['"', "'", '\\"', "a1", "-1,", "1e", "0x"]) masked(text.repeat(1000));
});

test.each([
  ["user alice is unknown", "user bob is unknown", "user … is unknown"],
  ["user … is unknown", "user bob b is unknown", "user … is unknown"],
  ["no such file", "no such file or directory", "no such file …"],
  ["disk full", "no such user", undefined],
  ["timeout", "unknown", undefined],
  ["a … b", "a c d e b", undefined],
])("The messages %j and %j have in common %j", (one, other, pattern) => {
  expect(commonPattern(one, other)).toBe(pattern);
});
