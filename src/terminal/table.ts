import type { Paint, Style } from "./colours.ts";
import { padded, truncated, widthOf } from "./text-width.ts";

const GAP = "  ";

/** A column of a table of `Row`s. */
export interface TableColumn<Row> {
  readonly title: string;
  /** The columns with the least importance are left out first where a terminal is narrow. */
  readonly importance: number;
  text(row: Row): string;
  /** @returns How a cell is painted; `undefined`: not at all. */
  style?(row: Row): Style | undefined;
}

/** The lines of a table: its header, and a line for each row. @param width - How many columns of the terminal they may take. */
export function tableLines<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  width: number,
  paint: Paint,
): string[] {
  const cells = columns.map((column) => {
    const texts = rows.map((row) => truncated(column.text(row), width));
    return { column, texts, width: Math.max(...[column.title, ...texts].map(widthOf)) };
  });
  let room = width + GAP.length;
  const kept = new Set<(typeof cells)[number]>();
  for (const cell of [...cells].sort((one, other) => other.column.importance - one.column.importance)) {
    if (kept.size > 0 && room < cell.width + GAP.length) continue;
    kept.add(cell);
    room -= cell.width + GAP.length;
  }
  const shown = cells.filter((cell) => kept.has(cell));
  const header = shown
    .map((cell) => padded(cell.column.title, cell.width))
    .join(GAP)
    .trimEnd();
  const lines = rows.map((row, index) =>
    shown
      .map(({ column, texts, width }) => {
        const text = texts[index] ?? "";
        const style = column.style?.(row);
        return (style === undefined ? text : paint(style, text)) + " ".repeat(width - widthOf(text));
      })
      .join(GAP)
      .trimEnd(),
  );
  return [paint("dim", header), ...lines];
}
