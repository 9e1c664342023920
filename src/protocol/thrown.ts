import { inspect, types } from "node:util";
import { MAX_ERROR_TEXT } from "./limits.ts";

// Anything may be thrown, a Proxy included whose every trap throws in its turn: nothing here looks at a thrown value unguarded.

/** Longest text that describes something that is no error, in UTF-16 units. */
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

/** Whether a thrown value is of a class; `instanceof` alone throws where a Proxy does. */
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

/** Reads a property of anything; one that is not there, or whose getter throws, is undefined. */
export function propertyOf(value: unknown, key: string): unknown {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return undefined;
  try {
    return (value as Readonly<Record<string, unknown>>)[key];
  } catch {
    return undefined;
  }
}

/** What was thrown, in words: an error's message, or the value itself as a program would write it. Bounded; never throws. */
export function describeThrown(thrown: unknown): string {
  if (typeof thrown === "string") return cutText(thrown, MAX_ERROR_TEXT);
  const message = propertyOf(thrown, "message");
  if (typeof message === "string" && (message !== "" || isError(thrown))) {
    const name = propertyOf(thrown, "name");
    return cutText(message === "" && typeof name === "string" ? name : message, MAX_ERROR_TEXT);
  }
  // An error whose message is no text cannot be inspected, either.
  return describeValue(isError(thrown) && message !== undefined ? message : thrown);
}

/** A value in a line. Bounded; never throws, and runs no code of the value's, except the getter of an error's stack. */
export function describeValue(value: unknown): string {
  if (typeof value === "bigint") return cutText(String(value), MAX_DESCRIPTION);
  try {
    return cutText(inspect(value, SHORT), MAX_DESCRIPTION);
  } catch {
    return "A value that cannot be described was thrown";
  }
}

/** A thrown value as an error: itself, or an error that tells of it and has it as its cause. */
export function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(describeThrown(thrown), { cause: thrown });
}

/** @param limit - In UTF-16 units. */
export function cutText(text: string, limit: number): string {
  // Not through a pair, and a half of one would be lost in UTF-8.
  return (text.length <= limit ? text : `${text.slice(0, limit - 1)}…`).replace(LONE_SURROGATE, "\ufffd");
}

const LONE_SURROGATE = /\p{Surrogate}/gu;
