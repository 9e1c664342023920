import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import { isWorker } from "../self/nesting.ts";

/**
 * Whether a module is the file that the process was started with: by its name, without its extension, through a link, or as a
 * folder's main file. Never true in a worker thread nor in a worker's process of a `Pipeline` or of `map()`, so that a file can start
 * itself and still be imported by its workers.
 *
 * @param meta - The module's `import.meta`.
 *
 * @example
 * ```ts
 * if (isMain(import.meta)) await new MyWorker().run();
 * ```
 */
export function isMain(meta: { readonly url: string }): boolean {
  const started = process.argv[1];
  if (!isMainThread || isWorker() || started === undefined || !meta.url.startsWith("file:")) return false;
  const own = real(fileURLToPath(meta.url));
  // With --entry-url, Node is started with a URL.
  const main = started.startsWith("file:") ? fileURLToPath(started) : started;
  if (own === real(main) || own === resolved(main)) return true;
  // Loaders such as tsx take the file's name without its extension, and a folder for the index in it.
  const bare = own.replace(/\.[cm]?[jt]sx?$/, "");
  return bare === real(main) || (/[\\/]index$/.test(bare) && dirname(own) === real(main));
}

/** As Node looks for a program: a folder's `main` or its index, and names without an extension. */
function resolved(path: string): string | undefined {
  try {
    return real(createRequire(path).resolve(path));
  } catch {
    return undefined; // not a name of Node's; or not an absolute one
  }
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // no such file: a name without its extension
  }
}
