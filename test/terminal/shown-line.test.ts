import { describe, expect, test } from "vitest";
import { paintFor } from "../../src/terminal/colours.ts";
import { FullScreen } from "../../src/terminal/full-screen.ts";
import { printedLine, shownLine } from "../../src/terminal/shown-line.ts";
import { tableLines } from "../../src/terminal/table.ts";
import { widthOf } from "../../src/terminal/text-width.ts";

const paint = paintFor({ isTTY: true }, {});

/** Rewrites the title, clears the screen, and ends in what looks like the end of a run. */
const HOSTILE =
  "\u001b]0;owned\u0007\u001b[2J\u001b[H\u009b2J\r\n\u001b[32mcomplete\u001b[39m in 1.2 s\u202e\u200b";

describe("A shown line", () => {
  test("has its own colours, and shows every other control character", () => {
    expect(shownLine(`${paint("red", `failed ${HOSTILE}`)} in square`)).toBe(
      "\u001b[31mfailed \\x1b]0;owned\\x07\\x1b[2J\\x1b[H\\x9b2J\n" +
        "    \\x1b[32mcomplete\\x1b[39m in 1.2 s\\u202e\\u200b\u001b[39m in square",
    );
  });

  test("takes no colours from a text that looks painted", () => {
    const foreign = "\u001b[31;1234;5678;9012;3456mcomplete\u001b[39m";
    expect(shownLine(foreign)).toBe(foreign.replaceAll("\u001b", "\\x1b"));
  });

  test("keeps the indentation of lines that follow", () => {
    expect(shownLine("Error: no\n    at work (a.mjs:1:2)\n\n")).toBe("Error: no\n    at work (a.mjs:1:2)");
    expect(shownLine("Error: no\n{\n  a: 1\n}")).toBe("Error: no\n    {\n      a: 1\n    }");
  });

  test.each([60, 80, 200])(
    "that a worker has printed begins no row of a terminal of %i columns",
    (columns) => {
      for (const [before, filler] of [
        ["", " "],
        ["", "x"],
        ["", "画"],
        ["zmqpipeline ", "a"],
      ] as const) {
        for (let length = 0; length < columns + 20; length += 1) {
          const line = `[worker 1] ${before}${filler.repeat(length)}complete in 1.2 s`;
          const rows = printedLine(line, { isTTY: true, columns }).split("\n").slice(0, -1);
          expect(rows.slice(1).every((row) => row.startsWith("  "))).toBe(true);
          expect(rows.every((row) => widthOf(row) < columns)).toBe(true);
          expect(rows.join("").replaceAll(" ", "")).toBe(line.replaceAll(" ", ""));
        }
      }
    },
  );
});

test.each([20, 60, 80, 200])(
  "A table with hostile names takes a row of %i columns for each line",
  (width) => {
    const columns = [{ title: "worker", importance: 9, text: (name: string) => name }];
    const lines = tableLines(columns, [HOSTILE, "w".repeat(255), "w1"], width, paint).map(shownLine);
    expect(lines).toHaveLength(4);
    expect(lines.every((line) => widthOf(line) <= width && !line.includes("\n"))).toBe(true);
  },
);

test("A full screen draws as many rows as a terminal has, whatever is in its lines", () => {
  let written = "";
  const write = (text: string) => {
    written = text.replaceAll("\u001b[", "<");
  };
  const screen = new FullScreen({ isTTY: true, columns: 80, rows: 10, write });
  screen.draw(Array<string>(9).fill(HOSTILE), "press q to quit");
  const rows = written.split("\n");
  expect(rows).toHaveLength(10);
  expect(rows[0]).toMatch(/^<H\\x1b\]0;owned\\x07.*<K$/);
  expect(rows.at(-1)).toBe("press q to quit<K<0J");
  expect(written).not.toContain("\u001b");
  screen.leave();
});
