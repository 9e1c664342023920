import { type ErrorFacts, PipelineError } from "../errors.ts";
import { describeThrown } from "../protocol/thrown.ts";
import { duringHook } from "../self/nesting.ts";
import { settlesWithin } from "./settles-within.ts";

/** The default `closeTimeout`, in ms: long enough to write what is left to a disk or a database. */
export const DEFAULT_CLOSE_TIMEOUT = 5000;

/**
 * Calls a hook at the end of a worker or of a thread. What it throws, or that it takes too long, takes nothing from the results: it is
 * an error to tell of.
 *
 * @param name - How the hook is called in errors.
 * @param timeout - How long it may take, in ms.
 */
export async function runCloseHook(
  name: string,
  hook: () => unknown,
  timeout: number,
  facts: ErrorFacts,
): Promise<PipelineError | undefined> {
  try {
    const closed = duringHook(hook);
    if (await settlesWithin(closed, timeout)) return undefined;
    return new PipelineError("CLOSE_FAILED", `${name}() did not end within ${timeout} ms`, facts);
  } catch (cause) {
    const text = describeThrown(cause);
    return new PipelineError("CLOSE_FAILED", `${name}() threw: ${text}`, { ...facts, cause });
  }
}
