import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";

/**
 * Whether a module is the file that the process was started with. Never true in a worker thread, so that a worker's file
 * can start itself and still be imported by its pool.
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
  if (!isMainThread || started === undefined || !meta.url.startsWith("file:")) return false;
  const own = real(fileURLToPath(meta.url));
  const main = real(started);
  // Loaders such as tsx take the file's name without its extension.
  return own === main || own.replace(/\.[cm]?[jt]sx?$/, "") === main;
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // no such file: a name without its extension
  }
}
