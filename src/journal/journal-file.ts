import {
  closeSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/** The operations on a journal's file. Tests implement them with a storage that fails or loses data. */
export interface JournalFile {
  readonly size: number;
  /** Reads up to `length` bytes; fewer at the end of the file. */
  read(position: number, length: number): Buffer;
  /** Hands bytes to the operating system. They survive the end of the process, but not yet a loss of power. */
  append(bytes: readonly Uint8Array[]): void;
  /** Calls `done` when all appended bytes would survive a loss of power. */
  sync(done: (error: Error | null) => void): void;
  /** Replaces the whole content durably, or changes nothing. */
  replace(write: (append: (bytes: readonly Uint8Array[]) => void) => void): void;
  close(): void;
}

/** Only this user may read the file, because it contains the items. */
const MODE = 0o600;

export class DiskFile implements JournalFile {
  readonly #path: string;
  #descriptor: number | undefined;
  #size = 0;

  /** Opens the file. For `"write"` it may be missing: {@link replace} then creates it. */
  constructor(path: string, access: "read" | "write") {
    this.#path = path;
    try {
      this.#descriptor = openSync(path, access === "read" ? "r" : "r+");
    } catch (error) {
      if (access === "read" || (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return;
    }
    const found = fstatSync(this.#descriptor);
    this.#size = found.size;
    if (found.isFile()) return;
    this.close();
    throw new TypeError("it is not a regular file");
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
  }

  sync(done: (error: Error | null) => void): void {
    if (this.#descriptor === undefined) done(new Error("the journal is closed"));
    else fdatasync(this.#descriptor, done);
  }

  replace(compose: (append: (bytes: readonly Uint8Array[]) => void) => void): void {
    const temporary = `${this.#path}.new`;
    unlinkIfThere(temporary); // left by a process that ended during a replacement
    const descriptor = openSync(temporary, "wx+", MODE);
    let size = 0;
    try {
      compose((bytes) => {
        for (const part of bytes) size += write(descriptor, part, size);
      });
      fsyncSync(descriptor);
      renameSync(temporary, this.#path);
      syncFolder(dirname(this.#path));
    } catch (error) {
      closeSync(descriptor);
      unlinkIfThere(temporary);
      throw error;
    }
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = descriptor;
    this.#size = size;
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

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
