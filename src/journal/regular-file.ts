import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from "node:fs";

/** Windows has neither of these flags. */
const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/**
 * Opens a file of a run. A link is not followed, and what is no regular file is not even opened: a pipe would wait for its other end, and a
 * device may have no end.
 *
 * @param flags - Flags of `open()`, such as `O_RDONLY`.
 * @throws TypeError when something else than a regular file has the name; else the error of `open()`.
 */
export function openRegular(path: string, flags: number, mode?: number): number {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined) assertRegular(found, path);
  const descriptor = openSync(path, flags | O_NOFOLLOW | O_NONBLOCK, mode);
  try {
    assertRegular(fstatSync(descriptor), path); // another one may have the name since
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function assertRegular(found: Stats, path: string): void {
  if (found.isFile()) return;
  throw new TypeError(`${JSON.stringify(path)} is ${kindOf(found)}, and not a regular file`);
}

function kindOf(found: Stats): string {
  if (found.isSymbolicLink()) return "a symbolic link";
  if (found.isDirectory()) return "a folder";
  if (found.isFIFO()) return "a pipe";
  return found.isSocket() ? "a socket" : "a device";
}
