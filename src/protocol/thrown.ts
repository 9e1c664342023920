import { inspect, types } from "node:util";
import { MAX_ERROR_TEXT } from "./limits.ts";

// Any value may be thrown, even a Proxy whose traps all throw. So every look at a thrown value is guarded here.

/** Longest description of a value that is not an error, in UTF-16 units. */
const MAX_DESCRIPTION = 1000;

const SHORT = {
  depth: 1,
  maxArrayLength: 16,
  maxStringLength: 200,
  breakLength: Number.POSITIVE_INFINITY,
  customInspect: false, // the value's own code must not run
} as const;

/** Whether a thrown value is an error, of this realm or another (node:vm, a test runner). Never throws. */
export function isError(value: unknown): value is Error {
  try {
    return types.isNativeError(value) || value instanceof Error;
  } catch {
    return false;
  }
}

/** Whether a thrown value is an instance of a class. `instanceof` alone would throw for some proxies. */
export function isInstance<T>(
  value: unknown,
  type: abstract new (...parameters: never[]) => T,
): value is T & object {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/** Reads a property of any value; undefined when it is missing or its getter throws. */
export function propertyOf(value: unknown, key: string): unknown {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return undefined;
  try {
    return (value as Readonly<Record<string, unknown>>)[key];
  } catch {
    return undefined;
  }
}

/** Describes a thrown value: an error's message, or the value as `util.inspect` prints it. Bounded; never throws. */
export function describeThrown(thrown: unknown): string {
  if (typeof thrown === "string") return cutText(thrown, MAX_ERROR_TEXT);
  const message = propertyOf(thrown, "message");
  if (typeof message === "string" && (message !== "" || isError(thrown))) {
    const name = propertyOf(thrown, "name");
    return cutText(message === "" && typeof name === "string" ? name : message, MAX_ERROR_TEXT);
  }
  // An error whose message is not a string cannot be inspected, so its message is.
  return describeValue(isError(thrown) && message !== undefined ? message : thrown);
}

/** Describes a thrown value as `describeThrown()` does, an error with its name in front where that says more than `Error`. Never throws. */
export function nameThrown(thrown: unknown): string {
  const name = propertyOf(thrown, "name");
  const text = describeThrown(thrown);
  const isNamed = isError(thrown) && typeof name === "string" && !["", "Error", text].includes(name);
  return isNamed ? cutText(`${name}: ${text}`, MAX_ERROR_TEXT) : text;
}

/** Describes a value. Bounded; never throws. Runs no code of the value except the getter of an error's stack. */
export function describeValue(value: unknown): string {
  if (typeof value === "bigint") return cutText(String(value), MAX_DESCRIPTION);
  try {
    return cutText(inspect(value, SHORT), MAX_DESCRIPTION);
  } catch {
    return "A value that cannot be described was thrown";
  }
}

/** Returns a thrown error itself. For any other value, returns an error that describes the value and has it as its cause. */
export function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(describeThrown(thrown), { cause: thrown });
}

/** Cuts a text. @param limit - Most UTF-16 units of the result. */
export function cutText(text: string, limit: number): string {
  // UTF-8 cannot express half of a surrogate pair, which a cut may leave.
  return (text.length <= limit ? text : `${text.slice(0, limit - 1)}…`).replace(LONE_SURROGATE, "\ufffd");
}

const LONE_SURROGATE = /\p{Surrogate}/gu;
