import { isInstance, propertyOf } from "../protocol/thrown.ts";

/** Codes of errors that only the user can mend: a hook fails, or the worker has other keys than its peer wants. */
const FINAL_CODES: readonly unknown[] = [
  "INIT_FAILED",
  "SECURITY_MISMATCH",
  "SERVER_KEY_MISMATCH",
  "KEYS_UNUSABLE",
];

/** Whether a worker that is started again would end with the same error: its class is used wrongly, or one of those above. */
export function isFinal(error: unknown): boolean {
  const isMisuse = isInstance(error, TypeError) || isInstance(error, RangeError);
  return isMisuse || FINAL_CODES.includes(propertyOf(error, "code"));
}
