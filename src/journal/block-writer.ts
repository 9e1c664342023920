import { ByteWriter } from "../protocol/wire/byte-writer.ts";
import { BLOCK_HEAD_BYTES, encodeBlockHead } from "./journal-block.ts";
import { type JournalRecord, writeRecord } from "./journal-record.ts";

/** Size at which a block is closed, in bytes. A commit may write several blocks. */
const BLOCK_BYTES = 1024 * 1024;

/** Initial size of a block's buffer, in bytes: about the size of a batch of items. */
const CAPACITY = 32 * 1024;

/** Where a record will lie. `offset` counts from the beginning of the first block that is not written yet. */
export interface RecordPlace {
  readonly offset: number;
  readonly length: number;
}

/** Collects records in blocks until the journal writes them. */
export class BlockWriter {
  #bodies: Buffer[] = [];
  /** Bytes of the closed blocks, heads included. */
  #closed = 0;
  #writer: ByteWriter | undefined;

  get isEmpty(): boolean {
    return this.#writer === undefined && this.#bodies.length === 0;
  }

  /** Whether a block is closed, so that it is worth writing. */
  get isFull(): boolean {
    return this.#bodies.length > 0;
  }

  add(record: JournalRecord): RecordPlace {
    return this.#add((writer) => writeRecord(writer, record));
  }

  /** Adds a record that is encoded already. */
  addEncoded(bytes: Uint8Array): RecordPlace {
    return this.#add((writer) => writer.raw(bytes));
  }

  /**
   * Removes all blocks.
   *
   * @param position - Position in the file at which the first block will begin.
   * @param safe - Gives `safe` of {@link BlockHead} for a block's position.
   * @returns The blocks' heads and bodies, in order.
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
