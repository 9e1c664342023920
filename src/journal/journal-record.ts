import type { ErrorInfo } from "../protocol/batch-message.ts";
import { MAX_NAME_BYTES, MAX_PAYLOAD_BYTES } from "../protocol/limits.ts";
import { type ByteReader, ProtocolError } from "../protocol/wire/byte-reader.ts";
import type { ByteWriter } from "../protocol/wire/byte-writer.ts";
import { flag, list, readError, writeError } from "../protocol/wire/codec-fields.ts";
import type { TrailState } from "./content-trail.ts";
import { KEY_BYTES } from "./key-set.ts";

/** The history of an item, as the journal stores it. */
export interface StoredHistory {
  readonly attempt: number;
  readonly failedAttempt: number;
  readonly failures: number;
  readonly losses: number;
}

export interface TaskTotals {
  /** Number of items that the source gave in this increment. */
  readonly position: number;
  /** Number of the next item. */
  readonly nextSeq: number;
  readonly items: number;
  readonly acked: number;
  readonly failed: number;
  readonly retried: number;
  /** Items that were skipped because the source had given an item with the same key. */
  readonly skipped: number;
  /** First sequence number of the latest increment. Earlier items are in the counts of earlier increments. */
  readonly firstSeq: number;
  /** The source has no more items. */
  readonly exhausted: boolean;
  /** All items were settled and the source was exhausted, so the source is not read again. */
  readonly isOver: boolean;
  /** The task's items have keys. */
  readonly isKeyed: boolean;
}

/**
 * A record of a journal. `task` is a task's index in the first record's list. A journal is read from the beginning; a repeated record
 * counts once.
 */
export type JournalRecord =
  /** The first record. */
  | {
      readonly type: "run";
      readonly runId: string;
      readonly begun: number;
      readonly tasks: readonly string[];
    }
  | { readonly type: "metadata"; readonly payload: Uint8Array }
  | { readonly type: "item"; readonly task: number; readonly seq: number; readonly payload: Uint8Array }
  /** An item with the hash of its key. They share a record so that a crash cannot separate them. */
  | {
      readonly type: "keyedItem";
      readonly task: number;
      readonly seq: number;
      readonly key: Uint8Array;
      readonly payload: Uint8Array;
    }
  | { readonly type: "exhausted"; readonly task: number; readonly skipped: number }
  | ({ readonly type: "retried"; readonly task: number; readonly seq: number } & StoredHistory)
  /** An item that failed for good. The record is kept when the journal is compacted. */
  | {
      readonly type: "gaveUp";
      readonly task: number;
      readonly seq: number;
      readonly attempts: number;
      readonly error: ErrorInfo;
      readonly payload: Uint8Array;
    }
  | { readonly type: "acked" | "failed"; readonly task: number; readonly seqs: readonly number[] }
  /** Sums up the earlier records of a journal that was compacted. */
  | ({ readonly type: "totals"; readonly task: number } & TaskTotals)
  /** Follows the totals of a task without keys. */
  | ({ readonly type: "trail"; readonly task: number } & TrailState)
  /** Follows the totals of a task with keys: the keys' concatenated hashes. There may be several of these records. */
  | { readonly type: "keys"; readonly task: number; readonly isKept: boolean; readonly hashes: Uint8Array }
  /** Follows the totals: failed items of a later generation whose failures belong to earlier increments. */
  | { readonly type: "earlier"; readonly task: number; readonly seqs: readonly number[] }
  /** The last record of a journal that was closed, with its file. */
  | { readonly type: "closed"; readonly number: number; readonly born: number };

/** Writer and reader of the fields of one type of record. */
interface RecordLayout<R extends JournalRecord> {
  write(writer: ByteWriter, record: R): void;
  read(reader: ByteReader): Omit<R, "type">;
}

const payload = (reader: ByteReader) => reader.bytes(MAX_PAYLOAD_BYTES);
const name = (reader: ByteReader) => reader.text(MAX_NAME_BYTES);

function writeIntegers(writer: ByteWriter, ...values: readonly number[]): void {
  for (const value of values) writer.integer(value);
}

const settled: RecordLayout<Extract<JournalRecord, { type: "acked" | "failed" | "earlier" }>> = {
  write(writer, { task, seqs }) {
    writer.integer(task);
    writer.sequence(seqs);
  },
  read: (reader) => ({ task: reader.integer(), seqs: reader.sequence(Number.POSITIVE_INFINITY) }),
};

/** The layouts of all records. A record's code is its index here, so new types go at the end. */
const LAYOUTS: { readonly [T in JournalRecord["type"]]: RecordLayout<Extract<JournalRecord, { type: T }>> } =
  {
    run: {
      write(writer, { runId, begun, tasks }) {
        writer.text(runId);
        writeIntegers(writer, begun, tasks.length);
        for (const task of tasks) writer.text(task);
      },
      read: (reader) => ({
        runId: name(reader),
        begun: reader.integer(),
        tasks: list(reader, Number.POSITIVE_INFINITY, () => name(reader)),
      }),
    },
    metadata: {
      write: (writer, record) => writer.bytes(record.payload),
      read: (reader) => ({ payload: payload(reader) }),
    },
    item: {
      write(writer, record) {
        writeIntegers(writer, record.task, record.seq);
        writer.bytes(record.payload);
      },
      read: (reader) => ({ task: reader.integer(), seq: reader.seq(), payload: payload(reader) }),
    },
    exhausted: {
      write: (writer, { task, skipped }) => writeIntegers(writer, task, skipped),
      read: (reader) => ({ task: reader.integer(), skipped: reader.integer() }),
    },
    retried: {
      write: (writer, { task, seq, attempt, failedAttempt, failures, losses }) =>
        writeIntegers(writer, task, seq, attempt, failedAttempt, failures, losses),
      read: (reader) => ({
        task: reader.integer(),
        seq: reader.seq(),
        attempt: reader.integer(),
        failedAttempt: reader.integer(),
        failures: reader.integer(),
        losses: reader.integer(),
      }),
    },
    gaveUp: {
      write(writer, record) {
        writeIntegers(writer, record.task, record.seq, record.attempts);
        writeError(writer, record.error);
        writer.bytes(record.payload);
      },
      read: (reader) => ({
        task: reader.integer(),
        seq: reader.seq(),
        attempts: reader.integer(),
        error: readError(reader),
        payload: payload(reader),
      }),
    },
    acked: settled as RecordLayout<Extract<JournalRecord, { type: "acked" }>>,
    failed: settled as RecordLayout<Extract<JournalRecord, { type: "failed" }>>,
    totals: {
      write(writer, { task, position, nextSeq, items, acked, failed, retried, skipped, firstSeq, ...flags }) {
        writeIntegers(writer, task, position, nextSeq, items, acked, failed, retried, skipped, firstSeq);
        for (const is of [flags.exhausted, flags.isOver, flags.isKeyed]) writer.byte(is ? 1 : 0);
      },
      read: (reader) => ({
        task: reader.integer(),
        position: reader.integer(),
        nextSeq: reader.seq(),
        items: reader.integer(),
        acked: reader.integer(),
        failed: reader.integer(),
        retried: reader.integer(),
        skipped: reader.integer(),
        firstSeq: reader.seq(),
        exhausted: flag(reader),
        isOver: flag(reader),
        isKeyed: flag(reader),
      }),
    },
    keyedItem: {
      write(writer, record) {
        writeIntegers(writer, record.task, record.seq);
        writer.bytes(record.key);
        writer.bytes(record.payload);
      },
      read: (reader) => ({
        task: reader.integer(),
        seq: reader.seq(),
        key: whole(reader.bytes(KEY_BYTES), KEY_BYTES),
        payload: payload(reader),
      }),
    },
    trail: { write: writeTrail, read: readTrail },
    keys: {
      write(writer, { task, isKept, hashes }) {
        writer.integer(task);
        writer.byte(isKept ? 1 : 0);
        writer.bytes(hashes);
      },
      read: (reader) => ({
        task: reader.integer(),
        isKept: flag(reader),
        hashes: whole(payload(reader), KEY_BYTES),
      }),
    },
    earlier: settled as RecordLayout<Extract<JournalRecord, { type: "earlier" }>>,
    closed: {
      write: (writer, { number, born }) => writeIntegers(writer, number, born),
      read: (reader) => ({ number: reader.integer(), born: reader.integer() }),
    },
  };

const TYPES = Object.keys(LAYOUTS) as JournalRecord["type"][];
const CODES = new Map(TYPES.map((type, code) => [type, code]));

export function writeRecord(writer: ByteWriter, record: JournalRecord): void {
  writer.byte(CODES.get(record.type) as number);
  // A layout takes only its own type of record; the table has it under that type.
  (LAYOUTS[record.type] as RecordLayout<JournalRecord>).write(writer, record);
}

/** @throws ProtocolError when {@link writeRecord} cannot have written the bytes. */
export function readRecord(reader: ByteReader): JournalRecord {
  const type = TYPES[reader.byte()];
  if (type === undefined) throw new ProtocolError("Record has an unknown type");
  return { type, ...LAYOUTS[type].read(reader) } as JournalRecord;
}

type Trail = Extract<JournalRecord, { type: "trail" }>;

function writeTrail(writer: ByteWriter, { task, count, stride, lanes, marks }: Trail): void {
  writeIntegers(writer, task, count, stride, ...lanes);
  const bytes = Buffer.allocUnsafe(marks.length * 4);
  marks.forEach((mark, index) => {
    bytes.writeUInt32LE(mark, index * 4);
  });
  writer.bytes(bytes);
}

function readTrail(reader: ByteReader): Omit<Trail, "type"> {
  const [task, count, stride] = [reader.integer(), reader.integer(), reader.integer()];
  const lanes = [reader.integer(), reader.integer()] as const;
  const bytes = whole(payload(reader), 4);
  const marks = Uint32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(index * 4));
  if (stride < 1 || Math.floor(count / stride) !== marks.length)
    throw new ProtocolError("Trail does not fit its number of items");
  return { task, count, stride, lanes, marks };
}

function whole(bytes: Buffer, size: number): Buffer {
  if (bytes.length % size !== 0) throw new ProtocolError("List is cut off");
  return bytes;
}
