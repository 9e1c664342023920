import { whileImporting } from "../self/nesting.ts";
import { moduleExports } from "./module-exports.ts";
import { locateSyntaxError } from "./syntax-error.ts";

/**
 * Imports a module of the user's, TypeScript included: by Node itself where it can, else through the `tsx` of the
 * user's project, an optional peer of this package. It may start no run meanwhile.
 *
 * @param url - A `file:` URL.
 * @throws Whatever the import throws.
 */
export async function importUserModule(url: string): Promise<Record<string, unknown>> {
  try {
    return moduleExports(url, await whileImporting(url, () => importModule(url)));
  } catch (error) {
    throw locateSyntaxError(error, url);
  }
}

async function importModule(url: string): Promise<Record<string, unknown>> {
  try {
    return await import(url);
  } catch (error) {
    const isUnknown =
      error instanceof Error && "code" in error && error.code === "ERR_UNKNOWN_FILE_EXTENSION";
    if (!isUnknown || !/\.[cm]?tsx?(?:\?|$)/.test(url)) throw error;
    return await importThroughTsx(url);
  }
}

async function importThroughTsx(url: string): Promise<Record<string, unknown>> {
  const { tsImport } = await loadTsx();
  return await tsImport(url, import.meta.url);
}

async function loadTsx(): Promise<typeof import("tsx/esm/api")> {
  try {
    return await import("tsx/esm/api");
  } catch (cause) {
    const text =
      "This Node.js runs TypeScript only through tsx: npm install tsx, or use Node.js 22.18 or later";
    throw new Error(text, { cause });
  }
}
