import { type ErrorFacts, PipelineError } from "../errors.ts";
import type { ErrorInfo } from "../protocol/batch-message.ts";
import { decodeErrorDetail } from "../protocol/error-detail.ts";
import { addDetail } from "../protocol/revive-error.ts";

/** Names of a {@link RemoteError}'s own properties: properties of the original with these names are in `remoteProperties` only. */
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
 * An error that a worker's handler threw, for a client or a caller of `map()`. It has the `name`, `message` and `stack` of the original,
 * its chain of causes, the `errors` of an `AggregateError`, and its own properties, such as `status`. `code` is `REQUEST_FAILED` or
 * `ITEM_FAILED`; the code of the original is `remoteCode`.
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
  /** The `code` of the original, as text; empty without one. */
  readonly remoteCode: string;
  /** The stack of the original, in the worker, without frames of Node and of this library. */
  declare readonly remoteStack: string;
  /**
   * The own properties of the original, as plain data. They are copied to this error, too, except names that this error uses itself:
   * `code`, `index`, `attempts`, and the others of a {@link PipelineError}.
   */
  declare readonly remoteProperties: Readonly<Record<string, unknown>>;
  /** The `errors` of an `AggregateError`. */
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
    // Hidden, so that an error is printed with one stack: the original's, which says more than the place where the reply was read.
    const hidden = { writable: true, configurable: true, enumerable: false };
    Object.defineProperty(this, "remoteStack", { ...hidden, value: stack });
    if (stack !== "") Object.defineProperty(this, "stack", { ...hidden, value: stack });
    const known = decodeErrorDetail(detail);
    Object.defineProperty(this, "remoteProperties", { ...hidden, value: known.properties ?? {} });
    addDetail(this, known, RESERVED);
  }
}
