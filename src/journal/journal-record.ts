import type { ErrorInfo } from "../protocol/batch-message.ts";
import { MAX_NAME_BYTES, MAX_PAYLOAD_BYTES } from "../protocol/limits.ts";
import { type ByteReader, ProtocolError } from "../protocol/wire/byte-reader.ts";
import type { ByteWriter } from "../protocol/wire/byte-writer.ts";
import { flag, list, readError, writeError } from "../protocol/wire/codec-fields.ts";
import type { TrailState } from "./content-trail.ts";
import { KEY_BYTES } from "./key-set.ts";

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
  /** Items of the source that were left out because an item with their key had been given. */
  readonly skipped: number;
  /** Sequence number with which the latest increment begins: what lies before was counted then. */
  readonly firstSeq: number;
  /** The source has no more. */
  readonly exhausted: boolean;
  /** Its items were all settled once, and the source is not read again. */
  readonly isOver: boolean;
  /** Items have keys. */
  readonly isKeyed: boolean;
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
  /** An item and its key's hash: both are there after a crash, or neither. */
  | {
      readonly type: "keyedItem";
      readonly task: number;
      readonly seq: number;
      readonly key: Uint8Array;
      readonly payload: Uint8Array;
    }
  | { readonly type: "exhausted"; readonly task: number; readonly skipped: number }
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
  | ({ readonly type: "totals"; readonly task: number } & TaskTotals)
  /** Follows the totals of a task without keys: what its source gave. */
  | ({ readonly type: "trail"; readonly task: number } & TrailState)
  /** Follow the totals of a task with keys: hashes, one behind the other. */
  | { readonly type: "keys"; readonly task: number; readonly isKept: boolean; readonly hashes: Uint8Array };

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
  "keyedItem",
  "trail",
  "keys",
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
    const { position, nextSeq, items, acked, failed, retried, skipped, firstSeq } = record;
    for (const value of [position, nextSeq, items, acked, failed, retried, skipped, firstSeq])
      writer.integer(value);
    for (const is of [record.exhausted, record.isOver, record.isKeyed]) writer.byte(is ? 1 : 0);
  } else if (record.type === "keyedItem") {
    writer.integer(record.seq);
    writer.bytes(record.key);
    writer.bytes(record.payload);
  } else if (record.type === "trail") {
    for (const value of [record.count, record.stride, ...record.lanes]) writer.integer(value);
    const bytes = Buffer.allocUnsafe(record.marks.length * 4);
    record.marks.forEach((mark, index) => {
      bytes.writeUInt32LE(mark, index * 4);
    });
    writer.bytes(bytes);
  } else if (record.type === "keys") {
    writer.byte(record.isKept ? 1 : 0);
    writer.bytes(record.hashes);
  } else if (record.type === "exhausted") {
    writer.integer(record.skipped);
  } else {
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
  if (type === "exhausted") return { type, task, skipped: integer() };
  if (type === "keyedItem")
    return { type, task, seq: reader.seq(), key: wholeKeys(reader.bytes(KEY_BYTES)), payload: payload() };
  if (type === "keys") return { type, task, isKept: flag(reader), hashes: wholeKeys(payload()) };
  if (type === "trail") {
    const [count, stride, lanes] = [integer(), integer(), [integer(), integer()] as const];
    const bytes = whole(payload(), 4);
    const marks = Uint32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(index * 4));
    if (stride < 1 || Math.floor(count / stride) !== marks.length)
      throw new ProtocolError("Trail does not fit its number of items");
    return { type, task, count, stride, lanes, marks };
  }
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
    const more = { failed: integer(), retried: integer(), skipped: integer(), firstSeq: reader.seq() };
    const flags = { exhausted: flag(reader), isOver: flag(reader), isKeyed: flag(reader) };
    return { type, task, ...totals, ...more, ...flags };
  }
  return { type, task, seqs: reader.sequence() };
}

function wholeKeys(bytes: Buffer): Buffer {
  return whole(bytes, KEY_BYTES);
}

function whole(bytes: Buffer, size: number): Buffer {
  if (bytes.length % size !== 0) throw new ProtocolError("List is cut off");
  return bytes;
}
