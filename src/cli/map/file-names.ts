import { existsSync, statSync } from "node:fs";
import { glob } from "tinyglobby";
import { FileError } from "../file-error.ts";

/**
 * The files that fit patterns, in the order of their names, so that a run that goes on finds the same order. A pattern that is the name of
 * a file stands for that file, as where the shell has replaced the pattern by names.
 *
 * @throws FileError when no file fits.
 */
export async function fileNames(patterns: readonly string[]): Promise<readonly string[]> {
  const isFile = (name: string) => statSync(name, { throwIfNoEntry: false })?.isFile() === true;
  const named = patterns.filter(isFile);
  const found = await glob(
    patterns.filter((pattern) => !named.includes(pattern)),
    { expandDirectories: false },
  );
  const all = [...new Set([...named, ...found])].sort();
  // Node has put U+FFFD in place of bytes that are no UTF-8: no file has that name.
  const broken = all.find((name) => name.includes("\ufffd") && !existsSync(name));
  if (broken !== undefined)
    throw new FileError(
      `The name of the file ${JSON.stringify(broken)} is not UTF-8, so no function can open it`,
    );
  if (all.length === 0) throw new FileError(`No file fits ${patterns.join(" ")}`);
  return all;
}
