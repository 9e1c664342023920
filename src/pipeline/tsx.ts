import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Whether a module is TypeScript, and this Node does not take that as it is (as 22.18 and later do). */
export function needsTsx(module: string): boolean {
  const isUnderstood = "typescript" in process.features && process.features.typescript !== false;
  return /\.[cm]?tsx?$/.test(module) && !isUnderstood;
}

/** @returns What makes Node run TypeScript through the `tsx` of the module's project; nothing where there is none. */
export function tsxArguments(module: string): string[] {
  try {
    const path = createRequire(fileURLToPath(module)).resolve("tsx");
    return ["--import", pathToFileURL(path).href];
  } catch {
    return []; // importing the module then says what is missing
  }
}

/** Whether options of Node's load tsx. */
export function isTsxAmong(options: readonly string[]): boolean {
  return options.some((option) => /(^|[\s"=/\\])tsx([\s"/\\@]|$)/.test(option));
}
