import { isDeepStrictEqual } from "node:util";
import { differenceText } from "./difference-text.ts";
import { itemText } from "./findings.ts";
import type { AwaitPlace } from "./interruptions.ts";
import type { Finding } from "./pipeline-verdict.ts";

const HELD =
  ". It may wait for what the killed call holds. If that is a lock in a variable, which ends with its process, leave out the fault killAtAwait";

/**
 * What is wrong with a handler that was killed where it awaits.
 *
 * @param found - What else the run has found.
 * @param before - The snapshot at the end of a run without the kill.
 * @param after - That at the end of the run with the kill.
 */
export function interruptionFinding(
  { handler, taskType, item, place }: AwaitPlace,
  found: Finding | undefined,
  before: unknown,
  after: unknown,
): Finding | undefined {
  if (found === undefined && isDeepStrictEqual(before, after)) return undefined;
  const what =
    found === undefined
      ? `The item was executed again, and the run ended with another snapshot than without the kill: ${differenceText(before, after)}`
      : `${found.message}${found.kind === "endless" ? HELD : ""}`;
  const message = `${handler} does not bear a kill half-way: its process was killed at an await, ${place}, when it had ${itemText(item)}. ${what}`;
  const error = found?.error === undefined ? {} : { error: found.error };
  return { kind: "partial", message, handler, taskType, item, before, after, ...error };
}
