import { fileURLToPath } from "node:url";
import { isCalledFrom, SECOND_INSTANCE } from "../self/called-from.ts";

/**
 * Gives a worker in this process an instance of its own of the module that starts the run: the worker would wait for the end of the module, and
 * the module for the run. Call it while the user's call is on the stack.
 */
export function ownInstance<Plan extends { readonly module: string; readonly isHere: boolean }>(
  plan: Plan,
): Plan {
  const { module, isHere } = plan;
  if (!isHere || !module.startsWith("file:") || !isCalledFrom(fileURLToPath(module))) return plan;
  return { ...plan, module: `${module}${SECOND_INSTANCE}` };
}
