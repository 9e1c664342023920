import { nearestName } from "../role/nearest-name.ts";
import type { AnyWorker } from "./any-worker.ts";
import { isHook } from "./module-hooks.ts";
import type { WorkerStart } from "./process-messages.ts";

/** The code of an error that says that a file does not export what it is to run. */
export const BAD_EXPORT = "BAD_EXPORT";

/** How many names of exports an error shows. */
const MAX_NAMES = 10;

type WorkerClass = new () => AnyWorker;

/**
 * Chooses what a worker runs of a module's exports: the named one; or the default, the only worker class, the only function.
 *
 * @throws TypeError with the code {@link BAD_EXPORT} when there is none, or several.
 */
export function chooseExport(
  module: Record<string, unknown>,
  { exportName, module: url }: Pick<WorkerStart, "exportName" | "module">,
): unknown {
  const fits = (value: unknown) => typeof value === "function";
  if (exportName !== undefined) {
    if (fits(module[exportName])) return module[exportName];
    const names = namesOf(module, fits);
    const near = nearestName(exportName, names);
    const hint = near === undefined ? listOf(names) : `did you mean ${JSON.stringify(near)}?`;
    throw badExport(
      `${url} must export a function or a worker class named ${JSON.stringify(exportName)}; ${hint}`,
    );
  }
  if (fits(module.default)) return module.default;
  const values = Object.entries(module).flatMap(([name, value]) => (isHook(name) ? [] : [value]));
  const workers = values.filter(isWorkerClass);
  const candidates = [...new Set(workers.length > 0 ? workers : values.filter(fits))];
  if (candidates.length === 1) return candidates[0];
  const names = namesOf(module, (value) => candidates.includes(value as (typeof candidates)[number]));
  const choice = candidates.length === 0 ? "" : ": name one, or make one the default";
  throw badExport(`${url} must export a function or a worker class; ${listOf(names)}${choice}`);
}

/** The code tells the command that the file is used wrongly. */
function badExport(text: string): TypeError {
  return Object.assign(new TypeError(text), { code: BAD_EXPORT });
}

function namesOf(module: Record<string, unknown>, fits: (value: unknown) => boolean): string[] {
  return Object.keys(module).filter((name) => !isHook(name) && fits(module[name]));
}

function listOf(names: readonly string[]): string {
  if (names.length === 0) return "it exports none";
  const shown = names.slice(0, MAX_NAMES).join(", ");
  return `it exports ${shown}${names.length > MAX_NAMES ? ", …" : ""}`;
}

/** Recognises a worker class by its methods, not by `instanceof`: a loader may give the module its own copy of this library. */
export function isWorkerClass(value: unknown): value is WorkerClass {
  if (typeof value !== "function") return false;
  const prototype: unknown = value.prototype;
  // Its handler is not looked for: run() reports a missing or misspelled handler.
  return (
    typeof prototype === "object" && prototype !== null && "run" in prototype && "initWorker" in prototype
  );
}
