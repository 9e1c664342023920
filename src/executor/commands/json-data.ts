import { PayloadTypeError } from "../../protocol/payload/payload-check.ts";

/**
 * Converts an item into JSON, for a program. A date becomes a text.
 *
 * @throws PayloadTypeError with the path of the first value that JSON cannot express: a bigint, NaN, an infinity, an invalid date, binary data.
 */
export function toJson(data: unknown): string {
  assertExpressible(data, "data");
  return JSON.stringify(data) ?? "null";
}

function assertExpressible(value: unknown, path: string): void {
  const kind = kindBeyondJson(value);
  if (kind !== undefined)
    throw new PayloadTypeError(
      `Value at ${path} is ${kind}, which JSON cannot express: a program gets JSON; send a text instead`,
    );
  if (typeof value !== "object" || value === null || value instanceof Date) return;
  if (Array.isArray(value)) {
    for (const [index, part] of value.entries()) assertExpressible(part, `${path}[${index}]`);
    return;
  }
  for (const name in value)
    assertExpressible((value as Readonly<Record<string, unknown>>)[name], `${path}.${name}`);
}

function kindBeyondJson(value: unknown): string | undefined {
  if (typeof value === "bigint") return "a bigint";
  if (typeof value === "number") return Number.isFinite(value) ? undefined : String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "an invalid date" : undefined;
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer ? "binary data" : undefined;
}
