import { jsonText } from "../../protocol/json-values.ts";
import { visibleBlock } from "../../structures/visible-text.ts";

/** How results are printed. */
export interface ResultFormat {
  /** Text is printed as it is, not as JSON. */
  readonly isRaw: boolean;
  /** Results are printed on a terminal, where control characters in raw text become visible. */
  readonly isTerminal: boolean;
}

/** A result as it is printed. */
export function lineOf(value: unknown, { isRaw, isTerminal }: ResultFormat): string {
  if (!isRaw || typeof value !== "string") return `${jsonText(value ?? null)}\n`;
  return `${isTerminal ? visibleBlock(value) : value}\n`;
}

/** The number of an item, of its id. */
export function numberIn(id: string): number {
  return Number(id.slice(id.lastIndexOf("/") + 1));
}
