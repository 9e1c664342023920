import { describeThrown } from "../protocol/thrown.ts";
import type { AnyValue } from "../role/any-value.ts";
import { describeKind } from "../role/known-options.ts";

/** Asks `sameResult()`. @throws Error, TypeError when it throws, or returns anything but true or false. */
export function isSame(
  sameResult: (one: AnyValue, other: AnyValue) => boolean,
  one: AnyValue,
  other: AnyValue,
): boolean {
  let answer: unknown;
  try {
    answer = sameResult(one, other);
  } catch (error) {
    throw new Error(`sameResult() threw: ${describeThrown(error)}`, { cause: error });
  }
  // A promise would always count as true.
  if (typeof answer === "boolean") return answer;
  throw new TypeError(`sameResult() must return true or false, not ${describeKind(answer)}`);
}
