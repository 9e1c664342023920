import { whileImporting, whileImportingHere } from "../self/nesting.ts";
import { moduleExports } from "./module-exports.ts";
import { shareLibrary } from "./share-library.ts";
import { locateSyntaxError } from "./syntax-error.ts";

/**
 * Imports a user's module, JavaScript or TypeScript. Node imports TypeScript itself if it can; otherwise the `tsx` of the user's project
 * does, an optional peer dependency of this package. A module that starts a run while it is imported gets an error.
 *
 * @param url - A `file:` URL.
 * @param isHere - Whether the process is the program's, and no worker's: the program itself may start runs meanwhile.
 * @throws What the import throws.
 */
export async function importUserModule(url: string, isHere = false): Promise<Record<string, unknown>> {
  const during = isHere ? whileImportingHere : whileImporting;
  try {
    await shareLibrary();
    return moduleExports(url, await during(url, () => importModule(url)));
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
