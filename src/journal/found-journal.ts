import type { Stats } from "node:fs";
import { PipelineError } from "../errors.ts";
import { type FileId, type FileMark, isSameFile } from "./file-mark.ts";
import type { DiskFile } from "./journal-file.ts";
import type { LeftLock } from "./journal-lock.ts";
import { isOfThisBoot } from "./lock-owner.ts";

/** Permission bits that let other users write. */
const WRITABLE_BY_OTHERS = 0o022;

const REPEATED = "What was collected since is executed and collected again";

/** A journal is replaced when it is opened, which would take it away from its owner, and says what is executed. @throws Error */
export function assertOwn(facts: Stats | undefined, userId: number): void {
  if (facts === undefined || facts.uid === userId) return;
  throw new Error(
    `it belongs to another user (${facts.uid}; this process makes files of user ${userId}). Run as its owner, or change the owner`,
  );
}

/**
 * Looks at the file that was found, before it is read.
 *
 * @param left - The lock of the last process, if that process was killed.
 * @returns What a user should know.
 * @throws PipelineError `JOURNAL_DAMAGED` when the file is not the one that a killed process wrote last.
 */
export function warningsOf(file: DiskFile, left: LeftLock | undefined, path: string): string[] {
  const { facts } = file;
  const warnings = [];
  const change = left?.journal === undefined ? undefined : changeSince(left.journal, file);
  if (left !== undefined && change !== undefined) {
    const text = `Journal ${JSON.stringify(path)} ${change} since process ${left.owner.pid} was killed`;
    // Where a machine lost power, its disk may have lost what was written last.
    if (facts !== undefined && isOfThisBoot(left.owner)) throw isNotLatest(text, path);
    warnings.push(`${text}. ${REPEATED}`);
  } else if (facts !== undefined && file.size === 0)
    warnings.push("the journal's file was empty: a new run begins");
  if (facts !== undefined && process.platform !== "win32" && (facts.mode & WRITABLE_BY_OTHERS) !== 0)
    warnings.push("other users could write the journal; from now on only its owner can");
  return warnings;
}

/** Looks at how the journal that was read ends. @param found - The file that was found. */
export function warningsOfEnd(
  { isResumed, closedIn }: { readonly isResumed: boolean; readonly closedIn: FileId | undefined },
  found: FileMark,
  left: LeftLock | undefined,
): string[] {
  if (!isResumed || left !== undefined) return [];
  if (closedIn === undefined)
    return [
      "the journal was not closed, and no killed process has left its lock: its disk was full, or it was cut, or is a copy made during a run. " +
        `If it is not the latest state of the run: ${REPEATED.toLowerCase()}`,
    ];
  if (isSameFile(closedIn, found)) return [];
  return [`the journal is a copy. If it is not the latest one: ${REPEATED.toLowerCase()}`];
}

function changeSince(noted: Pick<FileMark, "head" | "size">, file: DiskFile): string | undefined {
  const { head, size } = file.mark;
  if (file.facts === undefined) return "was removed";
  if (head !== noted.head)
    return size === 0 ? "was emptied" : "was replaced by another file, or by an older copy,";
  return size < noted.size
    ? `was cut by ${noted.size - size} bytes, or replaced by an older copy,`
    : undefined;
}

function isNotLatest(text: string, path: string): PipelineError {
  const message =
    `${text}; it is left as it is. Put the latest one back. To go on from what is there, remove ${JSON.stringify(`${path}.lock`)}: ` +
    REPEATED.toLowerCase();
  return new PipelineError("JOURNAL_DAMAGED", message, { role: "distributor" });
}
