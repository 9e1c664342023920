import { expect, test } from "vitest";
import { plainText } from "../../src/terminal/plain-text.ts";

test("A plain text has no sequences for a terminal, and shows other control characters", () => {
  expect(plainText("\u001b[2J\u001b[31mred\u001b[0m\u0007\r\nnext\tline\u001b]0;x")).toBe(
    "red\\x07\nnext\tline\\x1b]0;x",
  );
});
