import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { PipelineError } from "../errors.ts";
import { type FileMark, NO_MARK } from "./file-mark.ts";
import { holdFile } from "./held-lock.ts";
import { type LockOwner, type OwnerState, parseOwner, stateOf, thisOwner } from "./lock-owner.ts";
import { openRegular } from "./regular-file.ts";

/** A file without an owner that is older than this, in ms, was left by a process that was killed before it wrote its name. */
const ABANDONED_MS = 3_600_000;

/** Longest text of a lock, in bytes. What is longer is not read. */
const MAX_LOCK_BYTES = 4096;

/** Names of locks that were not finished, or are being removed. A user's file hardly has such a name. */
const UNFINISHED = /^\.[0-9a-f]{16}$/;

/** Reserves a journal for one distributor: a lock file beside the journal names its process. The lock of an ended process does not count. */
export class JournalLock {
  readonly #path: string;
  readonly #journal: string;
  #text: string;
  /** The lock file's descriptor. It stays open as long as the journal, because it holds the lock of `holdFile()`. */
  #descriptor: number;
  /** The lock that was taken over. */
  readonly left: LeftLock | undefined;

  private constructor(journal: string, { text, descriptor }: CreatedLock, left: LeftLock | undefined) {
    this.left = left;
    this.#path = `${journal}.lock`;
    this.#journal = journal;
    this.#text = text;
    this.#descriptor = descriptor;
  }

  /** @throws PipelineError `JOURNAL_IN_USE` when another process has the journal, or may have it as far as this process can tell. */
  static take(journal: string): JournalLock {
    const path = `${journal}.lock`;
    let left: LeftLock | undefined;
    for (;;) {
      const lock = create(path);
      if (lock !== undefined) {
        sweepLocks(path);
        return new JournalLock(journal, lock, left);
      }
      left = removeStale(path, journal) ?? left;
    }
  }

  /** The user to whom the files of this process belong on this file system. */
  get userId(): number {
    return fstatSync(this.#descriptor).uid;
  }

  /**
   * Looks whether the lock file is still there, and puts it back if somebody has removed it.
   *
   * @throws PipelineError `JOURNAL_IN_USE` when another process has taken the journal over.
   */
  keep(): "held" | "restored" {
    const found = lstatSync(this.#path, { throwIfNoEntry: false });
    const own = fstatSync(this.#descriptor);
    if (found?.ino === own.ino && found.dev === own.dev && this.#isIntact(own)) return "held";
    if (this.#isAt(this.#path)) return "held"; // a file system without lasting numbers
    const lock = create(this.#path);
    if (lock === undefined) throw takenOver(this.#journal, parseOwner(read(this.#path) ?? ""));
    closeSync(this.#descriptor);
    this.#text = lock.text;
    this.#descriptor = lock.descriptor;
    return "restored";
  }

  /** Notes how the journal's file is now: if this process is killed, the next one sees whether the file has been changed since. */
  readonly note = (journal: JournalNote): void => {
    if (this.#isIntact(fstatSync(this.#descriptor)))
      writeSync(this.#descriptor, noteOf(journal), Buffer.byteLength(this.#text));
  };

  /** Whether nobody else has written into the file. */
  #isIntact({ size }: Stats): boolean {
    return size === Buffer.byteLength(this.#text) + NOTE_BYTES;
  }

  /** Ends a lock that was taken in vain: the lock that was taken over, if any, is back then, and the next process finds it, too. */
  undo(): void {
    if (this.left === undefined) this.release();
    else this.#putBack(this.left);
  }

  /** Removes the lock file, unless a user removed it and another process has a lock there now. */
  release(): void {
    try {
      if (this.#isAt(this.#path)) unlinkSync(this.#path);
    } finally {
      closeSync(this.#descriptor);
    }
  }

  #putBack({ text }: LeftLock): void {
    try {
      if (this.#isAt(this.#path)) {
        const written = writeSync(this.#descriptor, text, 0);
        ftruncateSync(this.#descriptor, written);
      }
    } finally {
      closeSync(this.#descriptor);
    }
  }

  #isAt(path: string): boolean {
    return read(path)?.startsWith(this.#text) === true;
  }
}

/** The content of a journal's file when a process wrote it last. */
type JournalNote = Pick<FileMark, "head" | "size">;

/** What an ended process has left. */
export interface LeftLock {
  readonly text: string;
  readonly owner: LockOwner;
  readonly journal: JournalNote | undefined;
}

/** Bytes of the note behind a lock's owner. */
const NOTE_BYTES = 32;

function noteOf({ head, size }: JournalNote): string {
  return `${`${head} ${size}`.padEnd(NOTE_BYTES - 1)}\n`;
}

/** Nothing when the process did not know how the file was, because it was replacing it. */
function noteIn(text: string): JournalNote | undefined {
  const [, head, size] = /\n([0-9a-f]+) (\d+) *\n$/.exec(text) ?? [];
  return head === undefined ? undefined : { head, size: Number(size) };
}

interface CreatedLock {
  readonly text: string;
  readonly descriptor: number;
}

/** Writes the lock under another name and then links it, so that a process killed in between leaves no lock without an owner. */
function create(path: string): CreatedLock | undefined {
  const unfinished = unfinishedName(path);
  const descriptor = openSync(unfinished, "wx+", 0o600);
  let isTaken = false;
  try {
    const owner = { ...thisOwner(holdFile(descriptor) === "free"), id: randomBytes(4).toString("hex") };
    const text = `${JSON.stringify(owner)}\n`;
    writeFileSync(descriptor, text + noteOf(NO_MARK)); // room for the notes that follow
    linkSync(unfinished, path);
    isTaken = true;
    return { text, descriptor };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw error;
  } finally {
    unlinkSync(unfinished);
    if (!isTaken) closeSync(descriptor);
  }
}

/** Moves a stale lock aside before removing it. If several processes find it, one can move it, and checks that it moved the stale one. */
function removeStale(path: string, journal: string): LeftLock | undefined {
  const found = read(path);
  if (found === undefined) return undefined; // released meanwhile
  const owner = parseOwner(found);
  const state = owner === undefined ? "unknown" : judge(owner, path);
  if (owner === undefined || state !== "gone") throw inUse(path, journal, owner, state);
  const aside = unfinishedName(path);
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const moved = read(aside); // a process that has taken the lock meanwhile may have swept the stale one away
    if (moved !== undefined && moved !== found) linkSync(aside, path); // the lock of another process that was faster: put it back
  } finally {
    rmSync(aside, { force: true });
  }
  return { text: found, owner, journal: noteIn(found) };
}

function unfinishedName(path: string): string {
  return `${path}.${randomBytes(8).toString("hex")}`;
}

/** Removes what processes have left beside the lock that were killed while they took it. */
function sweepLocks(path: string): void {
  try {
    for (const name of readdirSync(dirname(path))) {
      if (!name.startsWith(basename(path)) || !UNFINISHED.test(name.slice(basename(path).length))) continue;
      const left = join(dirname(path), name);
      if (isAbandoned(left)) unlinkSync(left);
    }
  } catch {
    // Another process removes it, or the folder cannot be listed: the next start looks again.
  }
}

/** Whether a file was left by a process that has ended. A file with another content than a lock is a user's. */
function isAbandoned(path: string): boolean {
  const found = lstatSync(path);
  if (!found.isFile()) return false;
  if (found.size === 0) return Date.now() - found.mtimeMs > ABANDONED_MS;
  const owner = parseOwner(read(path) ?? "");
  return owner !== undefined && stateOf(owner) === "gone";
}

/** @throws TypeError when something else than a regular file has the name. */
function read(path: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openRegular(path, constants.O_RDONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const bytes = Buffer.alloc(MAX_LOCK_BYTES);
    return bytes.toString("utf8", 0, readSync(descriptor, bytes, 0, MAX_LOCK_BYTES, 0));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The state of a lock's owner. The system's lock decides where this process cannot see the owner, and also where the owner seems to be gone:
 * another machine may have this one's name, and another container may count the time since the start differently.
 */
function judge(owner: LockOwner, path: string): OwnerState {
  const state = stateOf(owner);
  if (owner.isHeld !== true || (state !== "unknown" && state !== "gone")) return state;
  let descriptor: number;
  try {
    descriptor = openRegular(path, constants.O_RDWR);
  } catch {
    return state; // released meanwhile, or another user's
  }
  try {
    const held = holdFile(descriptor);
    if (held === "unknown") return state;
    return held === "held" ? "alive" : "gone";
  } finally {
    closeSync(descriptor);
  }
}

function takenOver(journal: string, owner: LockOwner | undefined): PipelineError {
  const message =
    `Journal ${JSON.stringify(journal)} was taken over by ${nameOf(owner)}, because the lock of this process was removed. ` +
    "This run was stopped, and writes nothing more";
  return new PipelineError("JOURNAL_IN_USE", message, { role: "distributor" });
}

function nameOf(owner: LockOwner | undefined): string {
  return owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
}

function inUse(
  path: string,
  journal: string,
  owner: LockOwner | undefined,
  state: OwnerState,
): PipelineError {
  const why =
    state === "elsewhere"
      ? `, another machine than this one (${hostname()}): only that machine can tell whether the process is alive`
      : state === "unknown" && owner !== undefined
        ? ", in another container: this process cannot tell whether that one is alive"
        : "";
  const message =
    `Journal ${JSON.stringify(journal)} is in use by ${nameOf(owner)}${why}. ` +
    `If that process is gone, remove ${JSON.stringify(path)} to take the journal over`;
  return new PipelineError("JOURNAL_IN_USE", message, { role: "distributor" });
}
