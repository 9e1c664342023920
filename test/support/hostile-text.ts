import { expect } from "vitest";
import { isVisible } from "../../src/structures/visible-text.ts";

/** Rewrites the title, clears the screen, moves up, turns the direction of writing, and then looks like the end of a run. */
export const HOSTILE =
  "\u001b]0;owned\u0007\u001b[2J\u001b[1;1H\u009b3A\u202e\u200b\u2028\r\ncomplete in 0.1 s\nzmqpipeline: all is well\u001b[8m\ud800";

/** A text in {@link HOSTILE}, with which no line may begin that a run has not written itself. */
const FORGED = /^(?:complete in 0\.1 s|zmqpipeline: all is well)/m;

/** Expects that a text has arrived, and that nothing of it can do something to a terminal or pass for a line of the library's. */
export function expectShown(text: string): void {
  expect(text).toContain("owned");
  for (const line of text.split("\n"))
    expect(isVisible(line) ? "visible" : JSON.stringify(line)).toBe("visible");
  expect(text).not.toMatch(FORGED);
}
