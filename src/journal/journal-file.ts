import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { type FileMark, NO_MARK } from "./file-mark.ts";
import { HEADER_BYTES, isBeginning, markIn } from "./journal-block.ts";
import { openRegular } from "./regular-file.ts";

/**
 * How the file at the journal's path stands to what was written. `"gone"`: nothing is there; `"changed"`: another process has made it longer
 * or shorter; `"replaced"`: another file is there.
 */
export type FileState = "whole" | "gone" | "changed" | "replaced";

/** The operations on a journal's file. Tests implement them with a storage that fails or loses data. */
export interface JournalFile {
  readonly size: number;
  /** Reads up to `length` bytes; fewer at the end of the file. */
  read(position: number, length: number): Buffer;
  /** Hands bytes to the operating system. They survive the end of the process, but not yet a loss of power. */
  append(bytes: readonly Uint8Array[]): void;
  /** Calls `done` when all appended bytes would survive a loss of power. */
  sync(done: (error: Error | null) => void): void;
  /** The file as it is now. */
  readonly mark: FileMark;
  /** Looks whether the file is still there, as it was written. */
  readonly state: FileState;
  /** Replaces the whole content durably, or changes nothing. A file of somebody else in its place is left alone: that is an error. */
  replace(write: (append: (bytes: readonly Uint8Array[]) => void) => void): void;
  close(): void;
}

/** Only this user may read the file, because it contains the items. */
const MODE = 0o600;

/** Names of files beside a journal that were not finished. A user's file hardly has such a name. */
const UNFINISHED = /^\.new\.[0-9a-f]{16}$/;

/** Bytes that tell whether an unfinished file is one of a journal. */
const BEGINNING_BYTES = 32;

export class DiskFile implements JournalFile {
  readonly #path: string;
  #descriptor: number | undefined;
  #size = 0;
  #head = "";
  /** Called when the file was written; before it is replaced, with what says nothing. */
  written: (mark: FileMark) => void = () => {};
  /** Whether this file system tells a file by its number, so that {@link state} can be known. */
  #isTraceable = false;

  /**
   * Opens the file. For `"write"` it may be missing: {@link replace} then creates it.
   *
   * @param path - The file; not a link.
   */
  constructor(path: string, access: "read" | "write") {
    this.#path = path;
    try {
      this.#descriptor = openRegular(path, access === "read" ? constants.O_RDONLY : constants.O_RDWR);
    } catch (error) {
      if (access === "read" || (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return;
    }
    this.#begin(fstatSync(this.#descriptor).size);
  }

  /** The file's owner, permissions and times; nothing while there is no file. */
  get facts(): Stats | undefined {
    return this.#descriptor === undefined ? undefined : fstatSync(this.#descriptor);
  }

  get mark(): FileMark {
    if (this.#descriptor === undefined) return NO_MARK;
    const content = { head: this.#head, size: this.#size };
    if (!this.#isTraceable) return { ...NO_MARK, ...content };
    const { ino, birthtimeMs, ctimeMs } = fstatSync(this.#descriptor);
    // Where a file system does not say when a file was made, it is the time of the last change.
    return { number: ino, born: birthtimeMs < ctimeMs ? Math.floor(birthtimeMs) : 0, ...content };
  }

  get state(): FileState {
    const found = lstatSync(this.#path, { throwIfNoEntry: false });
    if (this.#descriptor === undefined) return found === undefined ? "whole" : "replaced";
    if (!this.#isTraceable) return "whole";
    return found === undefined ? "gone" : this.#stateAt(found);
  }

  #begin(size: number): void {
    this.#size = size;
    this.#head = markIn(this.read(0, HEADER_BYTES));
    const found = lstatSync(this.#path, { throwIfNoEntry: false });
    this.#isTraceable = found === undefined || this.#stateAt(found) !== "replaced";
  }

  #stateAt(found: Stats): FileState {
    const own = fstatSync(this.#descriptor as number);
    if (own.ino !== found.ino || own.dev !== found.dev) return "replaced";
    return own.size === this.#size ? "whole" : "changed";
  }

  get size(): number {
    return this.#size;
  }

  read(position: number, length: number): Buffer {
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, this.#size - position)));
    let filled = 0;
    while (filled < bytes.length && this.#descriptor !== undefined) {
      const count = readSync(this.#descriptor, bytes, filled, bytes.length - filled, position + filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  }

  append(bytes: readonly Uint8Array[]): void {
    if (this.#descriptor === undefined) throw new Error("the journal is closed");
    for (const part of bytes) this.#size += write(this.#descriptor, part, this.#size);
    this.written(this.mark);
  }

  sync(done: (error: Error | null) => void): void {
    if (this.#descriptor === undefined) done(new Error("the journal is closed"));
    else fdatasync(this.#descriptor, done);
  }

  replace(compose: (append: (bytes: readonly Uint8Array[]) => void) => void): void {
    const temporary = `${this.#path}.new.${randomBytes(8).toString("hex")}`;
    const descriptor = openSync(temporary, "wx+", MODE);
    let size = 0;
    try {
      compose((bytes) => {
        for (const part of bytes) size += write(descriptor, part, size);
      });
      fsyncSync(descriptor);
      if (this.state === "replaced")
        throw new Error("another file was put in its place, which is left as it is");
      this.written(NO_MARK); // this process may end in between
      renameSync(temporary, this.#path);
    } catch (error) {
      closeSync(descriptor);
      rmSync(temporary, { force: true });
      throw error;
    }
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = descriptor;
    this.#begin(size);
    this.written(this.mark);
    syncFolder(dirname(this.#path));
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** Writes all bytes. A single call may write fewer, for instance when the disk is nearly full. */
function write(descriptor: number, bytes: Uint8Array, position: number): number {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(descriptor, bytes, written, bytes.length - written, position + written);
  }
  return written;
}

/** Makes a rename durable. Not every file system can sync a folder. */
function syncFolder(path: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch {
    return;
  }
  try {
    fsyncSync(descriptor);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EINVAL" && code !== "EISDIR" && code !== "EPERM") throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Removes what processes have left beside a journal that ended while they replaced it. Only the owner of the journal's lock may do that. */
export function sweepUnfinished(path: string): void {
  try {
    for (const name of readdirSync(dirname(path))) {
      if (!name.startsWith(basename(path)) || !UNFINISHED.test(name.slice(basename(path).length))) continue;
      const left = join(dirname(path), name);
      if (isUnfinished(left)) unlinkSync(left);
    }
  } catch {
    // The folder cannot be listed, or the file cannot be removed: it is not in the way.
  }
}

function isUnfinished(path: string): boolean {
  let file: DiskFile;
  try {
    file = new DiskFile(path, "read");
  } catch {
    return false; // no regular file, or another user's
  }
  try {
    return isBeginning(file.read(0, BEGINNING_BYTES));
  } finally {
    file.close();
  }
}
