import { randomBytes } from "node:crypto";
import {
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { PipelineError } from "../errors.ts";
import { holdFile } from "./held-lock.ts";
import { type LockOwner, type OwnerState, parseOwner, stateOf, thisOwner } from "./lock-owner.ts";

/** A file without an owner that is older than this, in ms, was left by a process that was killed before it wrote its name. */
const ABANDONED_MS = 3_600_000;

/** Reserves a journal for one distributor: a lock file beside the journal names its process. The lock of an ended process does not count. */
export class JournalLock {
  readonly #path: string;
  readonly #text: string;
  /** The lock file's descriptor. It stays open as long as the journal, because it holds the lock of `holdFile()`. */
  readonly #descriptor: number;

  private constructor(path: string, text: string, descriptor: number) {
    this.#path = path;
    this.#text = text;
    this.#descriptor = descriptor;
  }

  /** @throws PipelineError `JOURNAL_IN_USE` when another process has the journal, or may have it as far as this process can tell. */
  static take(journal: string): JournalLock {
    const path = `${journal}.lock`;
    for (;;) {
      const lock = create(path);
      if (lock !== undefined) {
        sweepUnfinished(path);
        return new JournalLock(path, lock.text, lock.descriptor);
      }
      removeStale(path, journal);
    }
  }

  /** Removes the lock file, unless a user removed it and another process has a lock there now. */
  release(): void {
    try {
      if (read(this.#path) === this.#text) unlinkSync(this.#path);
    } finally {
      closeSync(this.#descriptor);
    }
  }
}

/** Writes the lock under another name and then links it, so that a process killed in between leaves no lock without an owner. */
function create(path: string): { readonly text: string; readonly descriptor: number } | undefined {
  const unfinished = `${path}.${randomBytes(4).toString("hex")}`;
  const descriptor = openSync(unfinished, "wx+", 0o600);
  let isTaken = false;
  try {
    const text = JSON.stringify(thisOwner(holdFile(descriptor) === "free"));
    writeSync(descriptor, text);
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
function removeStale(path: string, journal: string): void {
  const found = read(path);
  if (found === undefined) return; // released meanwhile
  const owner = parseOwner(found);
  const state = owner === undefined ? "unknown" : judge(owner, path);
  if (state !== "gone") throw inUse(path, journal, owner, state);
  const aside = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  try {
    const moved = read(aside); // a process that has taken the lock meanwhile may have swept the stale one away
    if (moved !== undefined && moved !== found) linkSync(aside, path); // the lock of another process that was faster: put it back
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Removes what processes have left beside the lock that were killed while they took it. */
function sweepUnfinished(path: string): void {
  const prefix = `${basename(path)}.`;
  try {
    for (const name of readdirSync(dirname(path))) {
      if (!name.startsWith(prefix) || !/^[0-9a-f]{8}$/.test(name.slice(prefix.length))) continue;
      const left = join(dirname(path), name);
      const owner = parseOwner(read(left) ?? "");
      const isAbandoned =
        owner === undefined ? Date.now() - lstatSync(left).mtimeMs > ABANDONED_MS : stateOf(owner) === "gone";
      if (isAbandoned) unlinkSync(left);
    }
  } catch {
    // Another process removes it, or the folder cannot be listed: the next start looks again.
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The state of a lock's owner. If this process cannot see the owner, the system's lock tells. */
function judge(owner: LockOwner, path: string): OwnerState {
  const state = stateOf(owner);
  if (state !== "unknown" || owner.isHeld !== true) return state;
  let descriptor: number;
  try {
    descriptor = openSync(path, "r+");
  } catch {
    return "unknown"; // released meanwhile, or another user's
  }
  try {
    const held = holdFile(descriptor);
    if (held === "unknown") return "unknown";
    return held === "held" ? "alive" : "gone";
  } finally {
    closeSync(descriptor);
  }
}

function inUse(
  path: string,
  journal: string,
  owner: LockOwner | undefined,
  state: OwnerState,
): PipelineError {
  const who = owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}`;
  const why =
    state === "elsewhere"
      ? `, another machine than this one (${hostname()}): only that machine can tell whether the process is alive`
      : state === "unknown" && owner !== undefined
        ? ", in another container: this process cannot tell whether that one is alive"
        : "";
  const message =
    `Journal ${JSON.stringify(journal)} is in use by ${who}${why}. ` +
    `If that process is gone, remove ${JSON.stringify(path)} to take the journal over`;
  return new PipelineError("JOURNAL_IN_USE", message, { role: "distributor" });
}
