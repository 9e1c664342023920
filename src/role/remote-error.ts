import { type ErrorFacts, PipelineError } from "../errors.ts";
import type { ErrorInfo } from "../protocol/message.ts";

/**
 * What a worker's handler threw, as a client or a caller of `map()` sees it: `name`, `message` and `stack` are those of the original.
 * Its `code` is `REQUEST_FAILED` or `ITEM_FAILED`; a code that the original had is its `remoteCode`.
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
  constructor(
    code: "REQUEST_FAILED" | "ITEM_FAILED",
    { name, message, stack, code: remoteCode }: ErrorInfo,
    facts: ErrorFacts,
  ) {
    super(code, message, facts);
    this.name = name;
    this.remoteCode = remoteCode;
    // Shown by whatever prints the error, once: where it was thrown says more than where the reply was read.
    const hidden = { writable: true, configurable: true, enumerable: false };
    Object.defineProperty(this, "remoteStack", { ...hidden, value: stack });
    if (stack !== "") Object.defineProperty(this, "stack", { ...hidden, value: stack });
  }
}
