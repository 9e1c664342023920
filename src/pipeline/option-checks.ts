import type { RetryOptions } from "../core/distributor/retry-policy.ts";
import { describeKind, optionNames } from "../role/known-options.ts";

/** The names of all options in `retry`. */
export const RETRY_OPTIONS = optionNames<RetryOptions>({ attempts: true, backoff: true, maxBackoff: true });

/** @throws TypeError when an option is given and is no function. */
export function assertFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "function")
    throw new TypeError(`${name} must be a function, not ${describeKind(value)}`);
}

/** @throws TypeError when an option is given and is no name. */
export function assertName(name: string, value: unknown): void {
  if (value !== undefined && (typeof value !== "string" || value === ""))
    throw new TypeError(
      `${name} must be a name, not ${value === "" ? "an empty string" : describeKind(value)}`,
    );
}

/** @throws TypeError when a signal is given and is no AbortSignal. A signal of another realm is accepted. */
export function assertSignal(signal: unknown): void {
  if (signal === undefined) return;
  const isSignal =
    typeof signal === "object" &&
    signal !== null &&
    "aborted" in signal &&
    "addEventListener" in signal &&
    typeof signal.addEventListener === "function";
  if (!isSignal) throw new TypeError(`signal must be an AbortSignal, not ${describeKind(signal)}`);
}
