import { type ErrorFacts, PipelineError } from "../errors.ts";
import type { ErrorInfo } from "../protocol/message.ts";

/**
 * What a worker's handler threw, as its client sees it: `name`, `message` and `stack` are those of the original. Its `code`
 * is `REQUEST_FAILED`; a code that the original had is its `remoteCode`.
 *
 * @example
 * ```ts
 * try {
 *   await client.request({ path });
 * } catch (error) {
 *   if (error instanceof RemoteError && error.remoteCode === "ENOENT") return undefined;
 *   throw error;
 * }
 * ```
 */
export class RemoteError extends PipelineError {
  override readonly name: string;
  /** The original's `code`; empty without one. */
  readonly remoteCode: string;
  /** The original's stack, in the worker. */
  declare readonly remoteStack: string;

  /** @internal */
  constructor({ name, message, stack, code }: ErrorInfo, facts: ErrorFacts) {
    super("REQUEST_FAILED", message, facts);
    this.name = name;
    this.remoteCode = code;
    // Shown by whatever prints the error, once: where it was thrown says more than where the reply was read.
    const hidden = { writable: true, configurable: true, enumerable: false };
    Object.defineProperty(this, "remoteStack", { ...hidden, value: stack });
    if (stack !== "") Object.defineProperty(this, "stack", { ...hidden, value: stack });
  }
}
