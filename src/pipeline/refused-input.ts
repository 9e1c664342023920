import { ItemKeyError } from "../distributor/item-keys.ts";
import { PipelineError } from "../errors.ts";
import { PayloadTypeError } from "../protocol/payload/payload-check.ts";
import { isInstance } from "../protocol/thrown.ts";

/**
 * Rewrites the error of an input that cannot be sent, or whose key cannot be used, so that the caller of `map()` sees the input's index, and the path
 * within it, and not the task behind `map()`. Other errors are returned unchanged.
 */
export function refusedInput(error: unknown): unknown {
  if (isInstance(error, ItemKeyError)) return new TypeError(ofMap(error.message));
  if (isInstance(error, PipelineError) && error.code === "TASK_FAILED") {
    const { cause } = error;
    return new PipelineError("TASK_FAILED", ofMap(error.message), { role: "distributor", cause });
  }
  const refusal = isInstance(error, TypeError) ? error.cause : undefined;
  if (!isInstance(refusal, PayloadTypeError) || !("index" in refusal)) return error;
  const { index, message } = refusal;
  const text = `Input ${String(index)} of map(): ${message.replace("Value at item.value", "Value at input")}`;
  return Object.assign(new TypeError(text, { cause: refusal }), { index });
}

/** Says in `map()`'s words what a text says of a task's `key()`. */
function ofMap(text: string): string {
  return text.replace('key() of task "map"', "key() of map()").replace(" for item ", " for input ");
}
