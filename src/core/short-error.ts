import type { ErrorInfo } from "../protocol/batch-message.ts";
import { cutText } from "../protocol/thrown.ts";

/** Longest message of a shortened error, and longest name and code, in UTF-16 units. */
const SHORT_MESSAGE = 1024;
const SHORT_LABEL = 128;

/** What an error's texts and detail take, in UTF-16 units and bytes. */
export function errorSize({ name, message, stack, code, detail }: ErrorInfo): number {
  return name.length + message.length + stack.length + code.length + (detail?.length ?? 0);
}

/** Name, code and the beginning of the message: for an error where there is no room for the whole. */
export function shortError({ name, message, code }: ErrorInfo): ErrorInfo {
  return {
    name: cutText(name, SHORT_LABEL),
    message: cutText(message, SHORT_MESSAGE),
    stack: "",
    code: cutText(code, SHORT_LABEL),
  };
}
