import { visibleJson } from "../structures/visible-text.ts";

/**
 * Creates a replacer for `JSON.stringify` that keeps values which JSON cannot express. A bigint becomes its digits, a date an ISO string,
 * binary data a string. Other values are marked: `{"$number":"NaN"}`, `{"$number":"Infinity"}`, `{"$date":"invalid"}`.
 *
 * @param bytesText - Converts binary data into a string.
 */
export function jsonValues(bytesText: (bytes: Uint8Array) => string) {
  return function replace(this: unknown, key: string, value: unknown): unknown {
    const original = (this as Record<string, unknown>)[key]; // `value` is after toJSON(): a Buffer is an object by then, a date a string
    switch (typeof original) {
      case "bigint":
        return String(original);
      case "number":
        return Number.isFinite(original) ? original : { $number: String(original) };
      case "object":
        break;
      default:
        return value;
    }
    if (ArrayBuffer.isView(original))
      return bytesText(new Uint8Array(original.buffer, original.byteOffset, original.byteLength));
    if (original instanceof ArrayBuffer) return bytesText(new Uint8Array(original));
    return original instanceof Date && Number.isNaN(original.getTime()) ? { $date: "invalid" } : value;
  };
}

/** The replacer for everything but databases: binary data become Base64. */
export const replaceForJson = jsonValues((bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
);

/** A value on one line of JSON that a terminal may show: control characters are written as JSON's escapes, also those that JSON allows as they are. */
export function jsonText(value: unknown): string {
  return visibleJson(JSON.stringify(value, replaceForJson) ?? "null");
}
