import stringWidth from "string-width";
import { visibleText } from "../structures/visible-text.ts";

/** How many columns of a terminal a text takes; colours take none. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Fills a text with spaces up to a width in columns. */
export function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** A text without colours as a terminal shows it on one line, cut to a width in columns. */
export function truncated(given: string, width: number): string {
  const text = visibleText(given);
  if (widthOf(text) <= width) return text;
  let kept = "";
  let columns = 1; // the ellipsis
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    columns += widthOf(segment);
    if (columns > width) break;
    kept += segment;
  }
  return width < 1 ? "" : `${kept}…`;
}
