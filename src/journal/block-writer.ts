import { ByteWriter } from "../protocol/wire/byte-writer.ts";
import { BLOCK_HEAD_BYTES, encodeBlockHead } from "./journal-block.ts";
import { type JournalRecord, writeRecord } from "./journal-record.ts";

/** A block is closed once it has this many bytes; one commit may write several blocks. */
const BLOCK_BYTES = 1024 * 1024;

/** What a batch of items takes, more or less. */
const CAPACITY = 32 * 1024;

/** Where a record will be, from where the first block will begin. */
export interface RecordPlace {
  readonly offset: number;
  readonly length: number;
}

/** Gathers records into blocks until they are taken to be written. */
export class BlockWriter {
  #bodies: Buffer[] = [];
  /** Bytes of the blocks that are closed. */
  #closed = 0;
  #writer: ByteWriter | undefined;

  get isEmpty(): boolean {
    return this.#writer === undefined && this.#bodies.length === 0;
  }

  /** A block is closed: as good a moment as any to write. */
  get isFull(): boolean {
    return this.#bodies.length > 0;
  }

  add(record: JournalRecord): RecordPlace {
    return this.#add((writer) => writeRecord(writer, record));
  }

  /** A record that is encoded already. */
  addEncoded(bytes: Uint8Array): RecordPlace {
    return this.#add((writer) => writer.raw(bytes));
  }

  /**
   * Empties it.
   *
   * @param position - Where the first block will begin.
   * @param safe - See `BlockHead`; a function of each block's position.
   * @returns Heads and bodies, in order.
   */
  take(mark: Uint8Array, position: number, safe: (position: number) => number): Uint8Array[] {
    this.#close();
    let at = position;
    const parts = this.#bodies.flatMap((body) => {
      const head = encodeBlockHead(mark, at, safe(at), body);
      at += head.length + body.length;
      return [head, body];
    });
    this.#bodies = [];
    this.#closed = 0;
    return parts;
  }

  #add(write: (writer: ByteWriter) => void): RecordPlace {
    this.#writer ??= new ByteWriter(CAPACITY);
    const start = this.#writer.length;
    write(this.#writer);
    const place = {
      offset: this.#closed + BLOCK_HEAD_BYTES + start,
      length: this.#writer.length - start,
    };
    if (this.#writer.length >= BLOCK_BYTES) this.#close();
    return place;
  }

  #close(): void {
    if (this.#writer === undefined) return;
    const body = this.#writer.finish();
    this.#bodies.push(body);
    this.#closed += BLOCK_HEAD_BYTES + body.length;
    this.#writer = undefined;
  }
}
