import { replaceForJson } from "../../protocol/json-values.ts";

/** A result as it is printed. @param isRaw - Whether text is printed as it is, not as JSON. */
export function lineOf(value: unknown, isRaw: boolean): string {
  return `${isRaw && typeof value === "string" ? value : JSON.stringify(value ?? null, replaceForJson)}\n`;
}

/** The number of an item, of its id. */
export function numberIn(id: string): number {
  return Number(id.slice(id.lastIndexOf("/") + 1));
}
