import { widthOf } from "./text-width.ts";

/** What the lines that follow the first are indented by, beside the first line's own indent. */
const INDENT = 2;

/** Leading spaces that are kept where a terminal is narrow: a share of its width. */
const INDENT_SHARE = 1 / 3;

/**
 * A command that the user may copy: it stays in one line, which the terminal breaks where it must, because a line break in it would end it. Its
 * arguments are words up to a comma or a semicolon, or quoted texts.
 */
const COMMAND = /(?:npx )?zmqpipeline [a-z]+(?: (?:'[^']*'|[^\s,;']+))*/;

/** The parts of a line that are not broken: commands, and words. */
const PART = new RegExp(`(${COMMAND.source}\\S*|\\S+)`, "g");

/** Where a line may be broken. In a text of somebody else's, also within a word, so that no row of a terminal begins with what it says. */
type Breaks = "between words" | "anywhere";

/**
 * Breaks the lines of a text between words where they are longer than a terminal is wide. A word that is longer than a line, such as a path, begins a
 * line of its own, and the terminal breaks it.
 *
 * @param width - Columns of the terminal; `Infinity` leaves the text as it is.
 */
export function wrapped(text: string, width: number, breaks: Breaks = "between words"): string {
  return text
    .split("\n")
    .map((line) => (widthOf(line) <= width ? line : wrapLine(line, width, breaks)))
    .join("\n");
}

function wrapLine(line: string, width: number, breaks: Breaks): string {
  const [lead = ""] = /^ */.exec(line) ?? [];
  const most = Math.floor(width * INDENT_SHARE);
  const indent = " ".repeat(Math.min(lead.length + INDENT, most));
  const lines: string[] = [];
  let current = " ".repeat(Math.min(lead.length, most));
  let isEmpty = true;
  let end = lead.length;
  const parts = line.matchAll(breaks === "anywhere" ? pieces(width - indent.length) : PART);
  for (const { 0: part, index } of parts) {
    const gap = isEmpty ? "" : line.slice(end, index);
    end = index + part.length;
    if (!isEmpty && widthOf(current + gap + part) > width) {
      lines.push(current);
      current = indent + part;
    } else current += gap + part;
    isEmpty = false;
  }
  return [...lines, current].join("\n");
}

/** Words, and pieces of those that are longer than `width`. A letter may take two columns. */
function pieces(width: number): RegExp {
  return new RegExp(`\\S{1,${Math.max(1, Math.floor(width / 2))}}`, "gu");
}

/** The width for texts on a stream: that of a terminal, and no limit elsewhere. */
export function textWidth({
  isTTY,
  columns = 80,
}: {
  readonly isTTY?: boolean;
  readonly columns?: number;
}): number {
  // One column stays free: some terminals begin a new row behind the last one.
  return isTTY === true ? Math.max(20, columns) - 1 : Number.POSITIVE_INFINITY;
}
