import { PayloadTypeError } from "../protocol/payload/payload-check.ts";
import { isInstance } from "../protocol/thrown.ts";

/** Rewrites the error of an input that cannot be sent, so that the caller of `map()` sees the input's index and the path within it. Other errors are returned unchanged. */
export function refusedInput(error: unknown): unknown {
  const refusal = isInstance(error, TypeError) ? error.cause : undefined;
  if (!isInstance(refusal, PayloadTypeError) || !("index" in refusal)) return error;
  const { index, message } = refusal;
  const text = `Input ${String(index)} of map(): ${message.replace("Value at item.value", "Value at input")}`;
  return Object.assign(new TypeError(text, { cause: refusal }), { index });
}
