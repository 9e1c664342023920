import { encodeValue } from "../protocol/payload/payload.ts";
import { PayloadTypeError } from "../protocol/payload/payload-check.ts";
import { isInstance } from "../protocol/thrown.ts";

/**
 * Encodes an item that a task gave.
 *
 * @param index - The place of the item in its task, counted from 0.
 * @throws PayloadTypeError with `index` as a property.
 */
export function encodeItem(item: unknown, index: number): Uint8Array {
  try {
    return encodeValue(item, "item");
  } catch (error) {
    if (isInstance(error, PayloadTypeError)) Object.assign(error, { index });
    throw error;
  }
}
