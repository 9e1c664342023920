import type { ErrorInfo } from "./batch-message.ts";
import { type DetailedError, decodeErrorDetail, type ErrorDetail, type ErrorPart } from "./error-detail.ts";

/** Descriptor of a property that is not enumerable, as the built-in `cause` and `errors` are. */
const HIDDEN = { writable: true, configurable: true, enumerable: false };

/** Turns a received error into an `Error` with its name, stack, causes and own properties. */
export function reviveError({ detail, ...texts }: ErrorInfo): Error {
  return revive({ ...texts, ...decodeErrorDetail(detail) });
}

/**
 * Adds a received detail to an error: `cause`, `errors`, and each own property whose name the error does not have.
 *
 * @param reserved - Names of properties to leave out, because they have another meaning in this kind of error.
 */
export function addDetail(
  error: Error,
  { cause, errors, properties = {} }: ErrorDetail,
  reserved?: ReadonlySet<string>,
): void {
  if (cause !== undefined) Object.defineProperty(error, "cause", { ...HIDDEN, value: revivePart(cause) });
  if (errors !== undefined)
    Object.defineProperty(error, "errors", { ...HIDDEN, value: errors.map(revivePart) });
  for (const [key, value] of Object.entries(properties)) {
    if (key in error || reserved?.has(key) === true) continue;
    Object.defineProperty(error, key, { ...HIDDEN, enumerable: true, value });
  }
}

function revivePart(part: ErrorPart): unknown {
  return "error" in part ? revive(part.error) : part.value;
}

function revive({ name, message, stack, code, ...detail }: DetailedError): Error {
  const error = detail.errors === undefined ? new Error(message) : new AggregateError([], message);
  if (error.name !== name) Object.defineProperty(error, "name", { ...HIDDEN, value: name });
  Object.defineProperty(error, "stack", { ...HIDDEN, value: stack === "" ? `${name}: ${message}` : stack });
  if (code !== "") Object.assign(error, { code });
  addDetail(error, detail);
  return error;
}
