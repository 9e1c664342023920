import { existsSync } from "node:fs";
import { createRequire, Module } from "node:module";
import { fileURLToPath } from "node:url";
import { LIBRARY_FOLDER } from "../self/library-folder.ts";
import { isTsxAmong } from "../self/tsx-options.ts";

/**
 * Lets CommonJS modules that `tsx` loads get the copy of this library that this process has. `tsx` compiles what they `require()`, also this
 * library, so they would get a copy of their own, whose classes are others. Node's own `require()` gives them the same copy.
 */
export async function shareLibrary(): Promise<void> {
  if (LIBRARY_FOLDER === undefined) return;
  if (!isTsxAmong([...process.execArgv, process.env.NODE_OPTIONS ?? ""])) return;
  const url = new URL("index.js", LIBRARY_FOLDER);
  const path = fileURLToPath(url);
  const { cache } = createRequire(url);
  // The sources of this library have no such file.
  if (cache[path] !== undefined || !existsSync(path)) return;
  const module = new Module(path);
  module.filename = path;
  module.loaded = true;
  module.exports = await import(url.href);
  cache[path] = module;
}
