import { isVisible } from "../structures/visible-text.ts";
import { MAX_NAME_BYTES } from "./limits.ts";

/** What a name may be, in words. */
export const NAME_RULE = `a string of at most ${MAX_NAME_BYTES} bytes, without control characters and others that cannot be seen, and not "__proto__"`;

/**
 * Whether a text may be a name on the wire: a task type, the id of a run, of a worker or of a client. Names are shown in logs and on terminals, so
 * none may have characters that a terminal would obey, or that make two names look the same. U+FFFD stands for bytes that are no UTF-8.
 * Reports have names as keys, and a key `__proto__` would be the object's prototype.
 */
export function isName(text: string): boolean {
  if (text === "__proto__") return false;
  return Buffer.byteLength(text) <= MAX_NAME_BYTES && isVisible(text) && !text.includes("\ufffd");
}
