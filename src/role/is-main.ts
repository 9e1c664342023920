import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import { atCaller } from "../self/at-caller.ts";
import { SECOND_INSTANCE } from "../self/called-from.ts";
import { isWorker } from "../self/nesting.ts";

/**
 * Whether a module is the file that the process was started with: by its name, by its name without extension, through a link, or as a
 * folder's main file. Never true in a worker thread, nor in a worker's process of a `Pipeline` or of `map()`, so that the same file can
 * start a run and be imported by the run's workers.
 *
 * @param meta - The module's `import.meta`.
 *
 * @example
 * ```ts
 * if (isMain(import.meta)) await new MyWorker().run();
 * ```
 */
export function isMain(meta: { readonly url: string }): boolean {
  atCaller(isMain, () => {
    if (typeof (meta as { url: unknown } | undefined)?.url !== "string")
      throw new TypeError("isMain() takes import.meta");
  });
  const started = process.argv[1];
  if (!isMainThread || isWorker() || started === undefined || !meta.url.startsWith("file:")) return false;
  // A file that maps itself with `workers: 0`: this instance is the worker's.
  if (meta.url.endsWith(SECOND_INSTANCE)) return false;
  const own = real(fileURLToPath(meta.url));
  // With --entry-url, Node is started with a URL.
  const main = started.startsWith("file:") ? fileURLToPath(started) : started;
  if (own === real(main) || own === resolved(main)) return true;
  // Loaders such as tsx also accept the name without extension, and a folder for its index file.
  const bare = own.replace(/\.[cm]?[jt]sx?$/, "");
  return bare === real(main) || (/[\\/]index$/.test(bare) && dirname(own) === real(main));
}

/** Resolves a path as Node does for a program: a folder's `main` or index, and names without extension. */
function resolved(path: string): string | undefined {
  try {
    return real(createRequire(path).resolve(path));
  } catch {
    return undefined; // no program of that name, or no absolute path
  }
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // no such file: a name without extension
  }
}
