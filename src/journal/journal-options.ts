import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { PipelineError } from "../errors.ts";

/**
 * What a journal survives. With `"process-crash"`, it survives the end of the process: the operating system has the records before an
 * item is sent or counts as ACKed. With `"power-loss"`, it survives the end of the machine, too: the records are on the disk by then.
 */
export type Durability = "process-crash" | "power-loss";

/** The options of a distributor's `journal`. */
export interface JournalOptions {
  /** The file. A missing one is created; a run in it is resumed. */
  readonly path: string;
  /** @default "process-crash" */
  readonly durability?: Durability;
  /**
   * Executes items that failed for good before the run was resumed again. They keep their ids, and get the next `generation`.
   * @default false
   */
  readonly retryFailed?: boolean;
  /**
   * Keeps the keys of complete runs: the next run with this file executes only items whose keys are new, and counts the others as
   * `skipped`. At least one task needs `key()`; a task without it executes all its items again.
   * @default false
   */
  readonly keep?: boolean;
}

/** @throws TypeError, RangeError when an option is missing or out of range. */
export function resolveJournalOptions(options: string | JournalOptions): Required<JournalOptions> {
  const given = typeof options === "string" ? { path: options } : options;
  const { path, durability = "process-crash", retryFailed = false, keep = false } = given;
  if (typeof path !== "string" || path === "")
    throw new TypeError(`journal.path must be a path, got ${path}`);
  if (durability !== "process-crash" && durability !== "power-loss")
    throw new RangeError(`journal.durability ${durability} must be "process-crash" or "power-loss"`);
  for (const [name, value] of Object.entries({ retryFailed, keep }))
    if (typeof value !== "boolean")
      throw new TypeError(`journal.${name} must be true or false, got ${String(value)}`);
  return { path, durability, retryFailed, keep };
}

/** Makes the error of a journal that cannot be opened. */
export function unavailable(path: string, cause: unknown): PipelineError {
  const text = `Journal ${JSON.stringify(path)} cannot be opened: ${reasonOf(cause)}`;
  return new PipelineError("JOURNAL_UNAVAILABLE", text, { role: "distributor", cause });
}

/** Makes the error of a journal that cannot be written. */
export function writeFailed(path: string, cause: unknown): PipelineError {
  const text = `Journal ${JSON.stringify(path)} cannot be written: ${reasonOf(cause)}. The run was stopped; it can be resumed`;
  return new PipelineError("JOURNAL_WRITE_FAILED", text, { role: "distributor", cause });
}

/** Names of the files that are made beside a journal. */
const BESIDE = /\.(?:lock|new)\.[0-9a-f]{16}$/;

function reasonOf(cause: unknown): string {
  const { code = "", message, path = "" } = cause as NodeJS.ErrnoException;
  const isBeside = BESIDE.test(path);
  if (code === "ENOENT" && !isBeside && existsSync(dirname(path))) return "there is no such file";
  if (isBeside && (code === "EACCES" || code === "EPERM"))
    return "permission denied for files beside it: its folder must be writable";
  return REASONS[code] ?? message;
}

/** Reasons, by the operating system's error code. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "its file system is read-only",
  ENOENT: "its folder does not exist",
  ENOTDIR: "a part of its path is not a folder",
  EISDIR: "it is a folder",
  ENOSPC: "the disk is full, or has no room for more files",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file is larger than is allowed",
  EMFILE: "too many files are open in this process",
  ENFILE: "too many files are open on this machine",
  EIO: "the disk failed",
  ELOOP: "its links lead nowhere",
};
