import { realpathSync } from "node:fs";

/** Resolves links, so that a file has one path under all its names. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return path; // a new file
    throw error;
  }
}
