import { type ByteReader, ProtocolError } from "../protocol/byte-reader.ts";
import type { ByteWriter } from "../protocol/byte-writer.ts";
import { flag, list, readError, writeError } from "../protocol/codec-fields.ts";
import { MAX_NAME_BYTES, MAX_PAYLOAD_BYTES } from "../protocol/limits.ts";
import type { ErrorInfo } from "../protocol/message.ts";

/** What a journal remembers of one item beside its payload. */
export interface ItemHistory {
  readonly attempt: number;
  readonly failedAttempt: number;
  readonly failures: number;
  readonly losses: number;
}

export interface TaskTotals {
  /** Items that the task's source gave. Fewer than `nextSeq` where failed ones were taken up again. */
  readonly position: number;
  readonly nextSeq: number;
  readonly items: number;
  readonly acked: number;
  readonly failed: number;
  readonly retried: number;
  readonly exhausted: boolean;
}

/**
 * Everything that a journal consists of, on one page. `task` is a task's place in the first record's list. A log is read
 * from the beginning; what is said twice counts once.
 */
export type JournalRecord =
  /** The first one. */
  | {
      readonly type: "run";
      readonly runId: string;
      readonly begun: number;
      readonly tasks: readonly string[];
    }
  | { readonly type: "metadata"; readonly payload: Uint8Array }
  | { readonly type: "item"; readonly task: number; readonly seq: number; readonly payload: Uint8Array }
  | { readonly type: "exhausted"; readonly task: number }
  | ({ readonly type: "retried"; readonly task: number; readonly seq: number } & ItemHistory)
  /** Failed for good, with all there is to know of it: kept for good. */
  | {
      readonly type: "gaveUp";
      readonly task: number;
      readonly seq: number;
      readonly attempts: number;
      readonly error: ErrorInfo;
      readonly payload: Uint8Array;
    }
  | { readonly type: "acked" | "failed"; readonly task: number; readonly seqs: readonly number[] }
  /** Sums up what came before, where a journal was compacted. */
  | ({ readonly type: "totals"; readonly task: number } & TaskTotals);

const TYPES = [
  "run",
  "metadata",
  "item",
  "exhausted",
  "retried",
  "gaveUp",
  "acked",
  "failed",
  "totals",
] as const;
const CODES = new Map(TYPES.map((type, code) => [type, code]));

export function writeRecord(writer: ByteWriter, record: JournalRecord): void {
  writer.byte(CODES.get(record.type) as number);
  if (record.type === "run") {
    writer.text(record.runId);
    writer.integer(record.begun);
    writer.integer(record.tasks.length);
    for (const name of record.tasks) writer.text(name);
    return;
  }
  if (record.type === "metadata") return writer.bytes(record.payload);
  writer.integer(record.task);
  if (record.type === "item") {
    writer.integer(record.seq);
    writer.bytes(record.payload);
  } else if (record.type === "retried") {
    const { seq, attempt, failedAttempt, failures, losses } = record;
    for (const value of [seq, attempt, failedAttempt, failures, losses]) writer.integer(value);
  } else if (record.type === "gaveUp") {
    writer.integer(record.seq);
    writer.integer(record.attempts);
    writeError(writer, record.error);
    writer.bytes(record.payload);
  } else if (record.type === "totals") {
    const { position, nextSeq, items, acked, failed, retried, exhausted } = record;
    for (const value of [position, nextSeq, items, acked, failed, retried]) writer.integer(value);
    writer.byte(exhausted ? 1 : 0);
  } else if (record.type !== "exhausted") {
    writer.sequence(record.seqs);
  }
}

/** @throws ProtocolError when the bytes are none of {@link writeRecord}'s. */
export function readRecord(reader: ByteReader): JournalRecord {
  const type = TYPES[reader.byte()];
  if (type === undefined) throw new ProtocolError("Record is of no known type");
  const integer = () => reader.integer();
  const payload = () => reader.bytes(MAX_PAYLOAD_BYTES);
  if (type === "run") {
    const text = () => reader.text(MAX_NAME_BYTES);
    return { type, runId: text(), begun: integer(), tasks: list(reader, text) };
  }
  if (type === "metadata") return { type, payload: payload() };
  const task = integer();
  if (type === "item") return { type, task, seq: reader.seq(), payload: payload() };
  if (type === "exhausted") return { type, task };
  if (type === "retried") {
    const seq = reader.seq();
    return {
      type,
      task,
      seq,
      attempt: integer(),
      failedAttempt: integer(),
      failures: integer(),
      losses: integer(),
    };
  }
  if (type === "gaveUp") {
    return {
      type,
      task,
      seq: reader.seq(),
      attempts: integer(),
      error: readError(reader),
      payload: payload(),
    };
  }
  if (type === "totals") {
    const totals = { position: integer(), nextSeq: reader.seq(), items: integer(), acked: integer() };
    return { type, task, ...totals, failed: integer(), retried: integer(), exhausted: flag(reader) };
  }
  return { type, task, seqs: reader.sequence() };
}
