import stringWidth from "string-width";

/** How many columns of a terminal a text takes; colours take none. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Fills a text with spaces up to a width in columns. */
export function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** Cuts a text without colours to a width in columns. */
export function truncated(text: string, width: number): string {
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

/** A text without characters that a terminal obeys instead of showing them, on one line. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ");
}
