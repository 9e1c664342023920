/**
 * A replacer for `JSON.stringify`, for what JSON has no words for: bigints become their digits, dates are strings by themselves.
 *
 * @param bytesText - What binary data become.
 */
export function jsonValues(bytesText: (bytes: Uint8Array) => string) {
  return function replace(this: unknown, key: string, value: unknown): unknown {
    const original = (this as Record<string, unknown>)[key]; // a Buffer has been made an object already
    if (original instanceof Uint8Array) return bytesText(original);
    return typeof value === "bigint" ? String(value) : value;
  };
}
