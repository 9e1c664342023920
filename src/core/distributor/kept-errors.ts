import type { ErrorInfo } from "../../protocol/batch-message.ts";
import { errorSize, shortError } from "../short-error.ts";

/** Most bytes of a task's errors that are kept whole until the collector has confirmed them. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Most failed items of a task that wait for the collector's confirmation before more items are produced. */
const MAX_FAILED_ITEMS = 8192;

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
    this.#bytes += errorSize(error);
  }

  remove(error: ErrorInfo): void {
    this.#count -= 1;
    this.#bytes -= errorSize(error);
  }

  /** @returns The error, or its name, code and the beginning of its message where there is no room for the whole. */
  bounded(error: ErrorInfo): ErrorInfo {
    return this.#bytes + errorSize(error) <= MAX_BYTES ? error : shortError(error);
  }
}
