import type { ErrorInfo } from "../../protocol/batch-message.ts";
import { cutText } from "../../protocol/thrown.ts";

/** Most bytes of a task's errors that are kept whole until the collector has confirmed them. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Most failed items of a task that wait for the collector's confirmation before more items are produced. */
const MAX_FAILED_ITEMS = 8192;

/** Longest message of an error beyond that, and longest name and code, in UTF-16 units. */
const SHORT_MESSAGE = 1024;
const SHORT_LABEL = 128;

/** What the errors of failed items take that the collector has not confirmed: a worker may fail items faster, and with longer errors, than a collector handles them. */
export class KeptErrors {
  #bytes = 0;
  #count = 0;

  /** Whether so many failed items wait that no more are to be produced. */
  get isFull(): boolean {
    return this.#count >= MAX_FAILED_ITEMS;
  }

  add(error: ErrorInfo): void {
    this.#count += 1;
    this.#bytes += bytesOf(error);
  }

  remove(error: ErrorInfo): void {
    this.#count -= 1;
    this.#bytes -= bytesOf(error);
  }

  /** @returns The error, or its name, code and the beginning of its message where there is no room for the whole. */
  bounded(error: ErrorInfo): ErrorInfo {
    if (this.#bytes + bytesOf(error) <= MAX_BYTES) return error;
    return {
      name: cutText(error.name, SHORT_LABEL),
      message: cutText(error.message, SHORT_MESSAGE),
      stack: "",
      code: cutText(error.code, SHORT_LABEL),
    };
  }
}

function bytesOf({ name, message, stack, code, detail }: ErrorInfo): number {
  return name.length + message.length + stack.length + code.length + (detail?.length ?? 0);
}
