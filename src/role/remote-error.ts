import { type ErrorFacts, PipelineError } from "../errors.ts";
import type { ErrorInfo } from "../protocol/batch-message.ts";
import { decodeErrorDetail } from "../protocol/error-detail.ts";
import { addDetail } from "../protocol/revive-error.ts";

/** What a {@link RemoteError} says itself: a property of the original of such a name is among its `remoteProperties` only. */
const RESERVED: ReadonlySet<string> = new Set([
  "endpoint",
  "role",
  "taskType",
  "itemId",
  "attempts",
  "index",
  "code",
  "remoteCode",
  "remoteStack",
  "remoteProperties",
]);

/**
 * What a worker's handler threw, as a client or a caller of `map()` sees it: `name`, `message` and `stack` are those of the original,
 * and so are `cause`, in depth, the `errors` of an `AggregateError`, and its own properties, such as `status`. Its `code` is
 * `REQUEST_FAILED` or `ITEM_FAILED`; a code that the original had is its `remoteCode`.
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
  /** The original's `code`, as a text; empty without one. */
  readonly remoteCode: string;
  /** The original's stack, in the worker. */
  declare readonly remoteStack: string;
  /**
   * The original's own properties, as plain data. They are the error's own as well, unless it says something itself by that name:
   * `code`, `index`, `attempts`, and whatever else a {@link PipelineError} has.
   */
  declare readonly remoteProperties: Readonly<Record<string, unknown>>;
  /** Of an `AggregateError`: what it consists of. */
  declare readonly errors?: readonly unknown[];

  /** @internal */
  constructor(
    code: "REQUEST_FAILED" | "ITEM_FAILED",
    { name, message, stack, code: remoteCode, detail }: ErrorInfo,
    facts: ErrorFacts,
  ) {
    super(code, message, facts);
    this.name = name;
    this.remoteCode = remoteCode;
    // Shown by whatever prints the error, once: where it was thrown says more than where the reply was read.
    const hidden = { writable: true, configurable: true, enumerable: false };
    Object.defineProperty(this, "remoteStack", { ...hidden, value: stack });
    if (stack !== "") Object.defineProperty(this, "stack", { ...hidden, value: stack });
    const known = decodeErrorDetail(detail);
    Object.defineProperty(this, "remoteProperties", { ...hidden, value: known.properties ?? {} });
    addDetail(this, known, RESERVED);
  }
}
