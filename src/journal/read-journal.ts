import { PipelineError } from "../errors.ts";
import { type ThrownError, toThrownError } from "../protocol/error-info.ts";
import { generationOf } from "../protocol/generation.ts";
import { itemId } from "../protocol/item-id.ts";
import { decodeValue } from "../protocol/payload/payload.ts";
import { ByteReader } from "../protocol/wire/byte-reader.ts";
import { DiskFile } from "./journal-file.ts";
import { unavailable } from "./journal-options.ts";
import { readRecord } from "./journal-record.ts";
import type { JournalState, TaskReplay } from "./journal-state.ts";
import { readState } from "./open-journal.ts";
import { realPath } from "./real-path.ts";

/** A task in a journal. */
export interface JournalTask {
  /** Items produced. */
  readonly items: number;
  readonly acked: number;
  readonly failed: number;
  readonly retried: number;
  /** Items that were skipped because their keys were known. */
  readonly skipped: number;
  /** Known keys of all increments; 0 without `key()`. */
  readonly keys: number;
  /** Items that are neither acked nor failed. */
  readonly pending: number;
  /** Whether the source has no more items. */
  readonly exhausted: boolean;
}

/** An item that failed for good. */
export interface JournalFailure {
  readonly id: string;
  readonly taskType: string;
  /** The item's data, as the handler received it; in a journal of `map()` or `zmqpipeline map`, the input. */
  readonly data: unknown;
  /** In a journal of `map()` or `zmqpipeline map`: the place of the input, counted from 0. */
  readonly index?: number;
  readonly error: ThrownError;
  /** How often the item was executed in this generation. */
  readonly attempts: number;
  /** How often the item had failed for good before: 0, unless `retryFailed` had it executed again. */
  readonly generation: number;
}

/** The content of a journal. */
export interface JournalContent {
  readonly runId: string;
  /** When the run began. */
  readonly begun: Date;
  /** Whether every item of every task is acked or failed. */
  readonly isComplete: boolean;
  /** The tasks, by task type. */
  readonly tasks: Readonly<Record<string, JournalTask>>;
  readonly failures: readonly JournalFailure[];
  /** Incomplete bytes at the end: a running distributor was writing them, or it was killed while it did. */
  readonly torn: number;
}

/**
 * Reads a journal. A distributor may be writing it.
 *
 * @param path - The file.
 * @returns Counts per task, and every item that failed for good.
 * @throws PipelineError `JOURNAL_UNAVAILABLE`, `JOURNAL_DAMAGED` or `JOURNAL_VERSION`.
 *
 * @example
 * ```ts
 * const { tasks, failures } = readJournal("run.journal");
 * for (const { id, data, error } of failures) console.log(id, data, error.message);
 * ```
 */
export function readJournal(path: string): JournalContent {
  let file: DiskFile;
  try {
    file = new DiskFile(realPath(path), "read");
  } catch (error) {
    throw unavailable(path, error);
  }
  try {
    const { state, torn } = readState(file, path);
    const { runId, begun } = state;
    return {
      runId,
      begun: new Date(begun),
      isComplete: state.tasks.every((task) => task.exhausted && task.pendingCount === 0),
      tasks: Object.fromEntries(state.tasks.map((task) => [task.name, summaryOf(task)])),
      failures: state.tasks.flatMap((task) => failuresOf(state, task, file)),
      torn,
    };
  } catch (error) {
    throw error instanceof PipelineError ? error : unavailable(path, error);
  } finally {
    file.close();
  }
}

function summaryOf({ counts, exhausted, pendingCount, keys }: TaskReplay): JournalTask {
  return { ...counts, keys: keys.size, pending: pendingCount, exhausted };
}

function failuresOf({ runId }: JournalState, task: TaskReplay, file: DiskFile): JournalFailure[] {
  return [...task.failures.values()].flatMap(({ position, length }) => {
    const record = readRecord(new ByteReader(file.read(position, length)));
    if (record.type !== "gaveUp") return [];
    const { seq, payload, error, attempts } = record;
    return [
      {
        id: itemId(runId, task.name, seq),
        taskType: task.name,
        ...dataOf(task.name, decodeValue(payload)),
        error: toThrownError(error),
        attempts,
        generation: generationOf(seq),
      },
    ];
  });
}

/** A failed item's data. An item of `map()` has its input and the input's place. */
function dataOf(taskType: string, data: unknown): Pick<JournalFailure, "data" | "index"> {
  if (taskType !== "map" || typeof data !== "object" || data === null) return { data };
  const { index, value, ...others } = data as { readonly index?: unknown; readonly value?: unknown };
  const isInput = typeof index === "number" && "value" in data && Object.keys(others).length === 0;
  return isInput ? { data: value, index } : { data };
}
