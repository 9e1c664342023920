import { type ErrorFacts, PipelineError } from "../errors.ts";
import { nameThrown } from "../protocol/thrown.ts";
import { duringHook } from "../self/nesting.ts";
import { settlesWithin } from "./settles-within.ts";

/** The default `closeTimeout`, in ms: long enough to write pending data to a disk or a database. */
export const DEFAULT_CLOSE_TIMEOUT = 5000;

/**
 * Calls a hook at the end of a worker or of a thread. A hook that throws or takes too long costs no result: its error is returned, to be
 * reported.
 *
 * @param name - The hook's name in errors.
 * @param timeoutMs - How long the hook may take.
 */
export async function runCloseHook(
  name: string,
  hook: () => unknown,
  timeoutMs: number,
  facts: ErrorFacts,
): Promise<PipelineError | undefined> {
  try {
    const closed = duringHook(hook);
    if (await settlesWithin(closed, timeoutMs)) return undefined;
    return new PipelineError("CLOSE_FAILED", `${name}() did not end within ${timeoutMs} ms`, facts);
  } catch (cause) {
    const text = nameThrown(cause);
    return new PipelineError("CLOSE_FAILED", `${name}() threw: ${text}`, { ...facts, cause });
  }
}
