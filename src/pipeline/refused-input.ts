import { PayloadTypeError } from "../protocol/payload/payload-check.ts";
import { isInstance } from "../protocol/thrown.ts";

/** An input that cannot be sent, as whoever calls `map()` knows it: by its place, and by a path within it. Every other error as it is. */
export function refusedInput(error: unknown): unknown {
  const refusal = isInstance(error, TypeError) ? error.cause : undefined;
  if (!isInstance(refusal, PayloadTypeError) || !("index" in refusal)) return error;
  const { index, message } = refusal;
  const text = `Input ${String(index)} of map(): ${message.replace("Value at item.value", "Value at input")}`;
  return Object.assign(new TypeError(text, { cause: refusal }), { index });
}
