import { randomBytes } from "node:crypto";
import { closeSync, linkSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { PipelineError } from "../errors.ts";
import { holdFile } from "./held-lock.ts";
import { type LockOwner, type OwnerState, parseOwner, stateOf, thisOwner } from "./lock-owner.ts";

/** Reserves a journal for one distributor, by a file beside it that names its process. The lock of a process that has ended does not count. */
export class JournalLock {
  readonly #path: string;
  readonly #text: string;
  /** Open as long as the journal is: see `holdFile()`. */
  readonly #descriptor: number;

  private constructor(path: string, text: string, descriptor: number) {
    this.#path = path;
    this.#text = text;
    this.#descriptor = descriptor;
  }

  /** @throws PipelineError `JOURNAL_IN_USE` when another process has it, or may have it as far as can be seen from here. */
  static take(journal: string): JournalLock {
    const path = `${journal}.lock`;
    for (;;) {
      const lock = create(path);
      if (lock !== undefined) return new JournalLock(path, lock.text, lock.descriptor);
      removeStale(path, journal);
    }
  }

  /** Unless somebody has removed it: what is there then is another's. */
  release(): void {
    try {
      if (read(this.#path) === this.#text) unlinkSync(this.#path);
    } finally {
      closeSync(this.#descriptor);
    }
  }
}

/** Writes the lock under another name first and then renames it: a process that is killed meanwhile leaves no lock without an owner. */
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

/** Moves a stale lock before removing it: of several processes that find it, one moves it, and checks that it is the one it found. */
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
    if (read(aside) !== found) linkSync(aside, path); // another process took it in between: its lock is put back
  } finally {
    unlinkSync(aside);
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

/** The system's lock tells where the process itself cannot be seen from here. */
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
      ? `, which is another machine than this one (${hostname()}): only there it can be seen whether the process lives`
      : state === "unknown" && owner !== undefined
        ? ", in another container: from here it cannot be seen whether the process lives"
        : "";
  const message =
    `Journal ${JSON.stringify(journal)} is in use by ${who}${why}. ` +
    `If that process is gone, remove ${JSON.stringify(path)} to take the journal over`;
  return new PipelineError("JOURNAL_IN_USE", message, { role: "distributor" });
}
