import type { Paint, Style } from "./colours.ts";
import { truncated, widthOf } from "./text-width.ts";

/** Between two columns. */
const GAP = "  ";

/** A column of a line. */
export interface Column {
  /** Without colours; control characters in it become visible. */
  readonly text: string;
  /** The columns with the least importance are left out first where a terminal is narrow. */
  readonly importance: number;
  readonly style?: Style;
}

/** A column that takes the room which others leave. */
export interface ElasticColumn {
  readonly importance: number;
  readonly minWidth: number;
  readonly maxWidth: number;
  /** @returns A text that takes `width` columns, with its colours. */
  draw(width: number): string;
}

/**
 * Joins the columns that have room into a line.
 *
 * @param width - How many columns of the terminal the line may take.
 */
export function joinColumns(given: readonly (Column | ElasticColumn)[], width: number, paint: Paint): string {
  const all = given.map((column) =>
    "text" in column ? { ...column, text: truncated(column.text, width) } : column,
  );
  const kept = new Set<Column | ElasticColumn>();
  let used = -GAP.length;
  const [first] = all;
  for (const column of [...all].sort((one, other) => other.importance - one.importance)) {
    const needed = GAP.length + ("text" in column ? widthOf(column.text) : column.minWidth);
    if (used + needed > width && column !== first) continue;
    kept.add(column);
    used += needed;
  }
  const free = Math.max(0, width - used);
  return all
    .filter((column) => kept.has(column))
    .map((column) => {
      if (!("text" in column)) return column.draw(Math.min(column.maxWidth, column.minWidth + free));
      return column.style === undefined ? column.text : paint(column.style, column.text);
    })
    .join(GAP);
}
