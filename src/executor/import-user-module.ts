import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/**
 * Imports a module of the user's, TypeScript included: by Node itself where it can, else through the `tsx` that the
 * module's own project has installed.
 *
 * @param url - A `file:` URL.
 * @throws Whatever the import throws.
 */
export async function importUserModule(url: string): Promise<Record<string, unknown>> {
  try {
    return await import(url);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ERR_UNKNOWN_FILE_EXTENSION"))
      throw error;
    return await importThroughTsx(url);
  }
}

async function importThroughTsx(url: string): Promise<Record<string, unknown>> {
  const tsx = await loadTsx(url);
  return await tsx.tsImport(url, import.meta.url);
}

async function loadTsx(url: string): Promise<{
  tsImport(url: string, parent: string): Promise<Record<string, unknown>>;
}> {
  try {
    const path = createRequire(url).resolve("tsx/esm/api");
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    const text =
      "This Node.js runs TypeScript only through tsx: npm install tsx, or use Node.js 22.18 or later";
    throw new Error(text, { cause });
  }
}
