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
  /** Items that the task's source gave. Fewer than `nextSeq` where failed items were executed again. */
  readonly position: number;
  readonly nextSeq: number;
  readonly items: number;
  readonly acked: number;
  readonly failed: number;
  readonly retried: number;
  /** Items of the source that were left out because an item with their key had been given. */
  readonly skipped: number;
  /** Sequence number with which the latest increment begins: earlier items were counted in earlier increments. */
  readonly firstSeq: number;
  /** The source has no more. */
  readonly exhausted: boolean;
  /** All items of the task were settled once; its source is not read again. */
  readonly isOver: boolean;
  /** Items have keys. */
  readonly isKeyed: boolean;
}

/**
 * Every record of a journal. `task` is a task's index in the first record's list. A journal is read from the beginning; a record
 * that is repeated counts once.
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
  /** An item that failed for good, with its error and payload: kept for good. */
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
  /** Follows the totals of a task without keys: what its source gave. */
  | ({ readonly type: "trail"; readonly task: number } & TrailState)
  /** Follow the totals of a task with keys: its keys' hashes, one behind the other. */
  | { readonly type: "keys"; readonly task: number; readonly isKept: boolean; readonly hashes: Uint8Array };

/** How the fields of one type of record lie in the file: what writes them, and beside it what reads them. */
interface RecordLayout<R extends JournalRecord> {
  write(writer: ByteWriter, record: R): void;
  read(reader: ByteReader): Omit<R, "type">;
}

const payload = (reader: ByteReader) => reader.bytes(MAX_PAYLOAD_BYTES);
const name = (reader: ByteReader) => reader.text(MAX_NAME_BYTES);

function writeIntegers(writer: ByteWriter, ...values: readonly number[]): void {
  for (const value of values) writer.integer(value);
}

const settled: RecordLayout<Extract<JournalRecord, { type: "acked" | "failed" }>> = {
  write(writer, { task, seqs }) {
    writer.integer(task);
    writer.sequence(seqs);
  },
  read: (reader) => ({ task: reader.integer(), seqs: reader.sequence() }),
};

/** A record's code is its place here: new types are added at the end. */
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
        tasks: list(reader, () => name(reader)),
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
  };

const TYPES = Object.keys(LAYOUTS) as JournalRecord["type"][];
const CODES = new Map(TYPES.map((type, code) => [type, code]));

export function writeRecord(writer: ByteWriter, record: JournalRecord): void {
  writer.byte(CODES.get(record.type) as number);
  // A layout takes only its own type of record; the table has it under that type.
  (LAYOUTS[record.type] as RecordLayout<JournalRecord>).write(writer, record);
}

/** @throws ProtocolError when the bytes are none of {@link writeRecord}'s. */
export function readRecord(reader: ByteReader): JournalRecord {
  const type = TYPES[reader.byte()];
  if (type === undefined) throw new ProtocolError("Record is of no known type");
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
