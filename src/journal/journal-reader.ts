import { PipelineError } from "../errors.ts";
import { ByteReader, ProtocolError } from "../protocol/wire/byte-reader.ts";
import {
  BLOCK_HEAD_BYTES,
  checksum,
  decodeBlockHead,
  decodeHeader,
  FORMAT,
  HEADER_BYTES,
  otherFormat,
} from "./journal-block.ts";
import type { JournalFile } from "./journal-file.ts";
import { type JournalRecord, readRecord } from "./journal-record.ts";

/** Bytes that are read at a time when searching for valid blocks after a broken one. */
const SEARCH_BYTES = 1024 * 1024;

function ofOtherVersion(path: string, format: number): PipelineError {
  const message =
    `Journal ${JSON.stringify(path)} has format ${format}, which another version of zmqpipeline wrote; this one reads and writes ` +
    `format ${FORMAT}. Finish the run with that version, or begin it anew with another file; this one is left as it is`;
  return new PipelineError("JOURNAL_VERSION", message, { role: "distributor" });
}

/** A record and the place of its bytes in the file. */
export interface PlacedRecord {
  readonly record: JournalRecord;
  readonly position: number;
  readonly length: number;
}

/** Reads a journal from the beginning. Afterwards, {@link torn} is the number of bytes at the end that are not a complete block. */
export class JournalReader {
  readonly #file: JournalFile;
  readonly #path: string;
  readonly mark: Uint8Array;
  torn = 0;

  /** @throws PipelineError `JOURNAL_DAMAGED` when the file does not begin like a journal, `JOURNAL_VERSION` for another format. */
  constructor(file: JournalFile, path: string) {
    this.#file = file;
    this.#path = path;
    const header = file.read(0, HEADER_BYTES + 8);
    const mark = decodeHeader(header);
    const format = otherFormat(header);
    if (format !== undefined) throw ofOtherVersion(path, format);
    if (mark === undefined) throw this.damaged("does not begin like a journal", 0);
    this.mark = mark;
  }

  /** Reads all records. @throws PipelineError `JOURNAL_DAMAGED` at a broken block that a crash cannot explain. */
  *records(): Generator<PlacedRecord> {
    let position = HEADER_BYTES;
    while (position < this.#file.size) {
      const body = this.#block(position)?.body;
      if (body === undefined) {
        this.#assertTorn(position);
        this.torn = this.#file.size - position;
        return;
      }
      yield* this.#recordsOf(body, position + BLOCK_HEAD_BYTES);
      position += BLOCK_HEAD_BYTES + body.length;
    }
  }

  *#recordsOf(body: Buffer, position: number): Generator<PlacedRecord> {
    const reader = new ByteReader(body);
    while (reader.offset < body.length) {
      const start = reader.offset;
      let record: JournalRecord;
      try {
        record = readRecord(reader);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        throw this.damaged(`has a record that cannot be read (${error.message})`, position + start);
      }
      yield { record, position: position + start, length: reader.offset - start };
    }
  }

  #block(position: number): { readonly body: Buffer; readonly safe: number } | undefined {
    const head = decodeBlockHead(this.mark, this.#file.read(position, BLOCK_HEAD_BYTES));
    if (head === undefined || position + BLOCK_HEAD_BYTES + head.length > this.#file.size) return undefined;
    const body = this.#file.read(position + BLOCK_HEAD_BYTES, head.length);
    if (body.length < head.length || checksum(position, head.safe, body) !== head.checksum) return undefined;
    return { body, safe: head.safe };
  }

  /** A crash breaks only the end of a file. A later valid block whose `safe` is beyond the broken place proves damage of another kind. */
  #assertTorn(broken: number): void {
    for (let from = broken + 1; from < this.#file.size; from += SEARCH_BYTES) {
      const bytes = this.#file.read(from, SEARCH_BYTES + this.mark.length - 1);
      for (let at = bytes.indexOf(this.mark); at >= 0; at = bytes.indexOf(this.mark, at + 1)) {
        const block = this.#block(from + at);
        if (block !== undefined && block.safe > broken) throw this.damaged("is damaged", broken);
      }
    }
  }

  /** Makes the error of a damaged journal. */
  damaged(what: string, position: number): PipelineError {
    const message = `Journal ${JSON.stringify(this.#path)} ${what} at byte ${position}; it is left as it is`;
    return new PipelineError("JOURNAL_DAMAGED", message, { role: "distributor" });
  }
}
