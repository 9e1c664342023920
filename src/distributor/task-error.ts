import { PipelineError } from "../errors.ts";
import { PayloadTypeError } from "../protocol/payload/payload-check.ts";
import { isInstance, nameThrown } from "../protocol/thrown.ts";
import { ItemKeyError } from "./item-keys.ts";

/** Turns what a task's hook threw into the error of the run. */
export function taskError(taskType: string, hook: string, thrown: unknown): Error {
  const where = `${hook}() of task ${JSON.stringify(taskType)}`;
  if (isInstance(thrown, PayloadTypeError))
    return new TypeError(`${where}: ${thrown.message}`, { cause: thrown });
  if (isInstance(thrown, PipelineError) || isInstance(thrown, ItemKeyError)) return thrown;
  const text = `${where} threw: ${nameThrown(thrown)}`;
  return new PipelineError("TASK_FAILED", text, { role: "distributor", taskType, cause: thrown });
}
