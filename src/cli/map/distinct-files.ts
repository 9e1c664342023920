import { fstatSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { FileError } from "../file-error.ts";

/** A file of the command, or an open one that is its input or output. */
interface NamedFile {
  readonly name: string;
  readonly at: string | number;
}

/** The streams of the process, where they are files. */
const STREAMS: readonly NamedFile[] = [
  { name: "standard input", at: 0 },
  { name: "standard output", at: 1 },
  { name: "standard error", at: 2 },
];

/**
 * Refuses a file that would be written although it is another file of the command: what it holds would be lost.
 *
 * @param written - The files that the command writes, by their options.
 * @param module - The file of the function, if there is one.
 */
export function assertDistinct(
  written: Readonly<Record<string, string | undefined>>,
  module: string | undefined,
): void {
  const files = Object.entries(written).flatMap(([name, at]) => (at === undefined ? [] : [{ name, at }]));
  const others: NamedFile[] = [
    ...STREAMS,
    ...(module === undefined ? [] : [{ name: "the function's file", at: module }]),
  ];
  for (const file of files) {
    const id = idOf(file);
    const same = others.find((other) => id !== undefined && idOf(other) === id);
    if (same !== undefined)
      throw new FileError(`${file.name} ${file.at} is ${same.name}, too: name another file`);
    others.push({ name: `${file.name} ${file.at}`, at: file.at });
  }
}

/** What tells a file from others: `undefined` for a pipe, a terminal or a device. */
function idOf({ at }: NamedFile): string | undefined {
  const found = typeof at === "number" ? fstatSync(at) : statSync(at, { throwIfNoEntry: false });
  if (found === undefined) return resolve(String(at));
  return found.isFile() ? `${found.dev}:${found.ino}` : undefined;
}
