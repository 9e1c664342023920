import { randomBytes } from "node:crypto";
import { utimesSync } from "node:fs";
import type { TaskLedger } from "../core/distributor/task-ledger.ts";
import { PipelineError } from "../errors.ts";
import { ByteReader } from "../protocol/wire/byte-reader.ts";
import type { FileId } from "./file-mark.ts";
import { assertOwn, warningsOf, warningsOfEnd } from "./found-journal.ts";
import { Journal, type TaskContent } from "./journal.ts";
import { DiskFile, type JournalFile, sweepUnfinished } from "./journal-file.ts";
import { JournalLock } from "./journal-lock.ts";
import { type JournalOptions, unavailable, writeFailed } from "./journal-options.ts";
import { JournalReader } from "./journal-reader.ts";
import { readRecord } from "./journal-record.ts";
import { JournalState, type TaskReplay } from "./journal-state.ts";
import { realPath } from "./real-path.ts";
import { withoutSizeLimitSignal } from "./size-limit-signal.ts";

/** A journal that was read, and that can be written from now on. */
export interface ReadyJournal {
  readonly journal: Journal;
  readonly runId: string;
  /** Whether the file had records of an earlier process. */
  readonly isResumed: boolean;
  /** Bytes at the end that a crash had left incomplete. They were removed. */
  readonly torn: number;
  /** Whether the run is complete, so that nothing is left to execute. */
  readonly isComplete: boolean;
  /** The file in which an earlier process closed the journal; nothing when it did not. */
  readonly closedIn: FileId | undefined;
  readonly metadata: Uint8Array | undefined;
  readonly tasks: ReadonlyMap<string, TaskReplay>;
}

/** An open journal, new or of a resumed run. */
export interface OpenJournal extends ReadyJournal {
  /** When the journal of a complete run was last written; `undefined` for a run that is not complete. */
  readonly completedAt?: Date | undefined;
  /** What a user should know about the file that was found. */
  readonly warnings: readonly string[];
  /**
   * Keeps the journal and its lock in order, see `Journal.tidy`.
   *
   * @param mended - Called with what had happened to the journal, which is in order again.
   * @returns The error that ends the run, if there is one.
   */
  tidy(tasks: Iterable<TaskLedger>, mended: (what: string) => void): PipelineError | undefined;
  close(): void;
}

/**
 * Opens or creates the journal for a run of these tasks.
 *
 * @param keyed - The tasks whose items have keys; by default, those that have keys in the journal.
 * @throws PipelineError with one of the `JOURNAL_` codes; the file was not changed then.
 */
export function openJournal(
  options: Required<JournalOptions>,
  tasks: readonly string[],
  keyed?: ReadonlySet<string>,
): OpenJournal {
  const allowSignal = withoutSizeLimitSignal();
  let lock: JournalLock | undefined;
  let file: DiskFile | undefined;
  try {
    const path = realPath(options.path);
    lock = JournalLock.take(path);
    sweepUnfinished(path);
    file = new DiskFile(path, "write");
    const { facts } = file;
    assertOwn(facts, lock.userId);
    const warnings = warningsOf(file, lock.left, path);
    const found = file.mark;
    file.written = lock.note;
    const opened = openOn(file, { ...options, path }, tasks, keyed);
    warnings.push(...warningsOfEnd(opened, found, lock.left));
    const completedAt = opened.isComplete ? facts?.mtime : undefined;
    keepTime(path, completedAt);
    const { tidy, close } = dutiesOf(opened, lock, path, completedAt);
    return {
      ...opened,
      completedAt,
      warnings,
      tidy,
      close() {
        close();
        allowSignal();
      },
    };
  } catch (error) {
    file?.close();
    lock?.undo();
    allowSignal();
    throw error instanceof PipelineError ? error : unavailable(options.path, error);
  }
}

function dutiesOf(
  { journal }: ReadyJournal,
  lock: JournalLock,
  path: string,
  completedAt: Date | undefined,
): Pick<OpenJournal, "tidy" | "close"> {
  return {
    tidy(tasks, mended) {
      try {
        if (lock.keep() === "restored")
          mended("the journal's lock was removed while its run goes on: it was put back");
      } catch (error) {
        journal.giveUp(error instanceof PipelineError ? error : writeFailed(path, error));
      }
      return journal.tidy(tasks, mended);
    },
    close() {
      journal.close();
      keepTime(path, completedAt);
      lock.release();
    },
  };
}

/** Opening a journal writes it anew. The file of a complete run keeps its time, which says when the run became complete. */
function keepTime(path: string, completedAt: Date | undefined): void {
  if (completedAt === undefined) return;
  try {
    utimesSync(path, completedAt, completedAt);
  } catch {
    // Some file systems allow it to the file's owner only: the time is then that of the last start.
  }
}

/** Opens a journal on any storage, without a lock. */
export function openOn(
  file: JournalFile,
  { path, durability, retryFailed, keep }: Required<JournalOptions>,
  names: readonly string[],
  keyed?: ReadonlySet<string>,
  newRunId: () => string = () => randomBytes(8).toString("hex"),
): ReadyJournal {
  const isResumed = file.size > 0;
  const { state, torn } = isResumed
    ? readState(file, path)
    : { state: freshState(names, newRunId()), torn: 0 };
  assertSameTasks(state, names, path);
  for (const task of state.tasks) {
    const isKeyed = keyed?.has(task.name) ?? task.isKeyed;
    assertSameKeys(task, isKeyed, path);
    task.isOver ||= task.exhausted && task.pendingCount === 0;
    if (task.isOver) continue;
    task.exhausted = false; // the source is read again and may have more items now
    if (isKeyed) task.counts.skipped = 0; // the source gives the skipped items again, too
  }
  if (keep && state.tasks.every(isSettled)) for (const task of state.tasks) task.beginIncrement();
  if (retryFailed) for (const task of state.tasks) takeUpFailures(task, file);
  const { runId, begun, metadata } = state;
  const content = new Map(state.tasks.map((task) => [task.name, contentOf(task)]));
  const journal = new Journal(file, path, durability, { runId, begun, metadata, tasks: content });
  return {
    journal,
    runId,
    isResumed,
    torn,
    isComplete: state.tasks.every(isSettled),
    closedIn: state.closedIn,
    metadata,
    tasks: new Map(state.tasks.map((task) => [task.name, task])),
  };
}

/** @throws PipelineError `JOURNAL_DAMAGED`. */
export function readState(
  file: JournalFile,
  path: string,
): { readonly state: JournalState; readonly torn: number } {
  const reader = new JournalReader(file, path);
  const state = new JournalState();
  for (const placed of reader.records()) {
    if (!state.apply(placed))
      throw reader.damaged("has a record that cannot follow those before it", placed.position);
  }
  // The file was put in place complete, with a first record. So a crash cannot explain this.
  if (state.runId === "") throw reader.damaged("has no complete record", 0);
  return { state, torn: reader.torn };
}

function freshState(names: readonly string[], runId: string): JournalState {
  const state = new JournalState();
  const record = { type: "run", runId, begun: Date.now(), tasks: names } as const;
  state.apply({ record, position: 0, length: 0 });
  return state;
}

function assertSameTasks(state: JournalState, names: readonly string[], path: string): void {
  const known = state.tasks.map(({ name }) => name);
  const missing = known.filter((name) => !names.includes(name));
  const added = names.filter((name) => !known.includes(name));
  if (missing.length + added.length === 0) return;
  const list = (which: readonly string[]) => which.map((name) => JSON.stringify(name)).join(", ");
  const parts = [
    missing.length > 0 ? `its tasks ${list(missing)} are not registered` : "",
    added.length > 0 ? `tasks ${list(added)} are not in it` : "",
  ];
  const message = `Journal ${JSON.stringify(path)} belongs to another run: ${parts.filter(Boolean).join(", and ")}`;
  throw new PipelineError("JOURNAL_MISMATCH", message, { role: "distributor" });
}

function isSettled({ isOver, pendingCount }: TaskReplay): boolean {
  return isOver && pendingCount === 0;
}

/** A task cannot gain or lose `key()`: an item's key is recorded only when the item is produced. */
function assertSameKeys(task: TaskReplay, isKeyed: boolean, path: string): void {
  if (task.nextSeq > 0 && task.isKeyed !== isKeyed) {
    const [then, now] = task.isKeyed ? ["had", "has none now"] : ["had no", "has one now"];
    const message =
      `Journal ${JSON.stringify(path)} belongs to another run: task ${JSON.stringify(task.name)} ${then} key() when its items were produced, ` +
      `and ${now}. Run the task as it was, or start again with another file`;
    throw new PipelineError("JOURNAL_MISMATCH", message, { role: "distributor", taskType: task.name });
  }
  task.isKeyed = isKeyed;
}

function takeUpFailures(task: TaskReplay, file: JournalFile): void {
  for (const [seq, { position, length }] of [...task.failures.entries()]) {
    const record = readRecord(new ByteReader(file.read(position, length)));
    if (record.type === "gaveUp") task.takeUp(seq, record.payload);
  }
}

function contentOf(task: TaskReplay): TaskContent {
  const { counts, nextSeq, firstSeq, position, ...state } = task;
  const { exhausted, isOver, isKeyed, failures, trail, keys, earlier } = state;
  const rest = { exhausted, isOver, isKeyed, pending: task.pending, failures, trail, keys, earlier };
  return { ...counts, nextSeq, firstSeq, takenUp: nextSeq - position, ...rest };
}
