import { replaceForJson } from "../../protocol/json-values.ts";

/** A result as it is printed, without the end of the line. @param isRaw - Whether text is printed as it is, not as JSON. */
export function lineOf(value: unknown, isRaw: boolean): string {
  return isRaw && typeof value === "string" ? value : JSON.stringify(value ?? null, replaceForJson);
}
