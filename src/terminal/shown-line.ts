import { indented, visibleBlock } from "../structures/visible-text.ts";
import { OWN_SEQUENCE } from "./colours.ts";
import { textWidth, wrapped } from "./wrapped.ts";

/**
 * A line as it may be written to a terminal. What is painted gets its colours; every other control character becomes visible, because it may come
 * from another process. Line feeds stay, and what follows them is indented, so that it cannot pretend to be a line of its own.
 */
export function shownLine(line: string): string {
  const parts = line.split(OWN_SEQUENCE);
  const shown = parts.map((part, index) => (index % 2 === 1 ? `\u001b[${part}m` : visibleBlock(part)));
  return indented(shown.join(""));
}

/** What is known of the stream that lines are written to. */
type Target = Parameters<typeof textWidth>[0];

/** Lines as they may be written to a stream: as {@link shownLine} shows them, and broken between words on a terminal. */
export function shownLines(lines: readonly string[], screen: Target): string {
  return lines.map((line) => `${wrapped(shownLine(line), textWidth(screen))}\n`).join("");
}

/** A line that somebody else has printed: on a terminal, it is broken wherever a row ends. */
export function printedLine(line: string, screen: Target): string {
  return `${wrapped(shownLine(line), textWidth(screen), "anywhere")}\n`;
}
