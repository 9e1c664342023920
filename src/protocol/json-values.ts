/**
 * A replacer for `JSON.stringify`, for what JSON has no words for: bigints become their digits, dates ISO strings, binary data of every kind a
 * text. What would become another value is marked: `{"$number":"NaN"}`, `{"$number":"Infinity"}`, `{"$date":"invalid"}`.
 *
 * @param bytesText - What binary data become.
 */
export function jsonValues(bytesText: (bytes: Uint8Array) => string) {
  return function replace(this: unknown, key: string, value: unknown): unknown {
    const original = (this as Record<string, unknown>)[key]; // a Buffer has been made an object already, a date a text
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

/** That of everything but a database: binary data are Base64. */
export const replaceForJson = jsonValues((bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
);
