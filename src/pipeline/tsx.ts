import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Whether a module is TypeScript and this Node cannot run TypeScript by itself, as 22.18 and later can. */
export function needsTsx(module: string): boolean {
  const isUnderstood = "typescript" in process.features && process.features.typescript !== false;
  return /\.[cm]?tsx?$/.test(module) && !isUnderstood;
}

/** @returns Options of Node that load the `tsx` of the module's project; none if there is no `tsx`. */
export function tsxArguments(module: string): string[] {
  try {
    const path = createRequire(fileURLToPath(module)).resolve("tsx");
    return ["--import", pathToFileURL(path).href];
  } catch {
    return []; // importing the module then fails with an error that says so
  }
}
