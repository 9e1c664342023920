import { isOwnPlace, placeOf } from "./library-folder.ts";

/** A function or class of the public API. */
type Called = NonNullable<Parameters<typeof Error.captureStackTrace>[1]>;

/** Errors whose stack begins at the user's call. */
const pointed = new WeakSet<object>();

/**
 * Runs what checks the arguments of a function of the public API. When the check refuses them, the error's stack begins at the user's call: the
 * library's own frames would hide the line that is wrong, and Node may print a line of the library above the message. An error that the
 * user's code threw during the check stays as it is.
 *
 * @param called - The function or class that the user called: not an override of the user's, which may not be on the stack. `undefined` for
 *   a setter, which has no name here; Node then prints a line of the library, but the stack is the user's.
 * @returns What the check returns.
 *
 * @example
 * ```ts
 * function square(value: number): number {
 *   atCaller(square, () => assertNumber(value));
 *   return value * value;
 * }
 * ```
 */
export function atCaller<T>(called: Called | undefined, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (isOwnRefusal(error)) {
      Error.captureStackTrace(error, called);
      dropOwnFrames(error);
      pointed.add(error);
    }
    throw error;
  }
}

/** Whether the library threw this because the user's code uses it wrongly. The message says what is wrong; the library's stack adds nothing. */
export function isMisuse(thrown: unknown): thrown is TypeError | RangeError {
  return typeof thrown === "object" && thrown !== null && (pointed.has(thrown) || isOwnRefusal(thrown));
}

/** Drops frames of the library that are left: a function of the public API may call another. */
function dropOwnFrames(error: Error): void {
  const lines = (error.stack ?? "").split("\n");
  error.stack = lines.filter((line) => !isOwnFrame(line)).join("\n");
}

function isOwnFrame(line: string): boolean {
  const place = /^ +at /.test(line) ? placeOf(line) : undefined;
  return place !== undefined && isOwnPlace(place);
}

/** Whether an error is a refusal that was thrown in the library's own code. */
function isOwnRefusal(thrown: unknown): thrown is TypeError | RangeError {
  if (!(thrown instanceof TypeError || thrown instanceof RangeError) || thrown.cause !== undefined)
    return false;
  return isOwnFrame(/^ +at .*$/m.exec(thrown.stack ?? "")?.[0] ?? "");
}
