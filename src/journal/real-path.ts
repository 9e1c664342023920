import { readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** Most links that lead to a file, as in Linux. */
const MAX_LINKS = 40;

/**
 * Resolves links, so that a file has one path under all its names. A link to a file that is not there yet counts as well: the file will be
 * made where the link leads.
 *
 * @throws the error of `realpath()`, such as `ELOOP`. Missing files and folders are none.
 */
export function realPath(path: string): string {
  let at = resolve(path);
  for (let links = 0; links < MAX_LINKS; links++) {
    try {
      return realpathSync(at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    const target = targetOf(at);
    if (target === undefined) break;
    at = resolve(dirname(at), target);
  }
  return dirname(at) === at ? at : join(realPath(dirname(at)), basename(at));
}

/** Where a link leads; nothing when the path is no link. */
function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // there is nothing, or no link
  }
}
