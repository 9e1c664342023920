import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import type { LogEncoding } from "./text-encoder.ts";

const { O_APPEND, O_CREAT, O_EXCL, O_TRUNC, O_WRONLY } = constants;

/** Flags of Python's modes. All of them append, so that the lines of several threads do not overwrite each other. */
export const MODES: Readonly<Record<string, number>> = {
  a: O_WRONLY | O_CREAT | O_APPEND,
  w: O_WRONLY | O_CREAT | O_APPEND | O_TRUNC,
  x: O_WRONLY | O_CREAT | O_APPEND | O_EXCL,
};

/** Threads inherit the paths of the log files that their process has begun, as environment data. */
const BEGUN = "zmqpipeline.logFiles";

/** What this thread has inherited: files that it has begun itself are begun anew when it is configured again. */
const inherited = begun();

/** A log file that is open for writing. */
export class LogFile {
  readonly #file: number;
  readonly #encoding: LogEncoding;

  /**
   * @param mode - One of {@link MODES}. A thread whose process has begun the file goes on with it: each thread of a worker imports the file
   *   with the configuration anew.
   * @throws Error when the file cannot be opened.
   */
  constructor(filename: string, mode: string, encoding: LogEncoding) {
    const path = resolve(filename);
    const flags = inherited.includes(path) ? MODES.a : MODES[mode];
    this.#file = openSync(filename, flags as number);
    this.#encoding = encoding;
    const known = begun();
    if (!known.includes(path)) setEnvironmentData(BEGUN, [...known, path]);
    if (encoding.mark.length > 0 && fstatSync(this.#file).size === 0) writeSync(this.#file, encoding.mark);
  }

  write(line: string): void {
    writeSync(this.#file, this.#encoding.encode(line));
  }

  close(): void {
    closeSync(this.#file);
  }
}

function begun(): readonly string[] {
  const paths: unknown = getEnvironmentData(BEGUN);
  return Array.isArray(paths) ? (paths as string[]) : [];
}
