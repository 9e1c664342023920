import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LIBRARY_FOLDER } from "./library-folder.ts";

/**
 * Finds a file of this library that a process or thread is started with.
 *
 * @param path - The path from the library's folder.
 * @returns The URL of the file.
 * @throws Error when the file is missing, because a bundler has put the library into another file.
 */
export function ownFile(path: string): URL {
  const url = LIBRARY_FOLDER === undefined ? undefined : new URL(path, LIBRARY_FOLDER);
  if (url !== undefined && existsSync(url)) return url;
  const place = url === undefined ? "" : ` (looked for ${fileURLToPath(url)})`;
  throw new Error(
    `zmqpipeline's file ${path} is missing${place}: the library was put into a bundle, but its workers start with files of their own. ` +
      "Leave it out of the bundle (esbuild: --external:zmqpipeline), and install it where the bundle runs",
  );
}
