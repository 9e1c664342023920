import { fileURLToPath } from "node:url";

/**
 * The folder of this library's files: `dist/`, also for code that stands in one of its chunks. `undefined` where a user's bundler has moved the
 * library: bundlers that write CommonJS leave no `import.meta.url`.
 */
export const LIBRARY_FOLDER: URL | undefined = libraryFolder();

function libraryFolder(): URL | undefined {
  try {
    const url = new URL("../", import.meta.url);
    return url.protocol === "file:" ? url : undefined;
  } catch {
    return undefined;
  }
}

/** The folder of the library's files, and that of their sources, which frames name where source maps are in use. */
const OWN_PATHS =
  LIBRARY_FOLDER === undefined
    ? []
    : [LIBRARY_FOLDER, new URL("../src/", LIBRARY_FOLDER)].map((folder) => fileURLToPath(folder));

/** The file and line that a frame of a stack names; `undefined` when it names none. A path may have spaces. */
export function placeOf(frame: string): string | undefined {
  return /(?:\(|\bat (?:async )?)([^()]+:\d+):\d+\)?$/.exec(frame)?.[1];
}

/** The library where it is installed: a stack may come from another machine, whose paths are different. */
const INSTALLED = /[\\/]node_modules[\\/]zmqpipeline[\\/](?:dist|src)[\\/]/;

/** Whether a place, a path or a URL, is in this library. Never throws. */
export function isOwnPlace(place: string): boolean {
  if (INSTALLED.test(place)) return true;
  try {
    const path = place.startsWith("file:") ? fileURLToPath(place) : place;
    return OWN_PATHS.some((own) => path.startsWith(own));
  } catch {
    return false; // a URL that names no file of this system
  }
}
