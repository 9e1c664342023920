import { NO_MARK } from "../../journal/file-mark.ts";
import type { JournalFile } from "../../journal/journal-file.ts";

/** The disk behind a `MemoryFile`, played by its test. */
export interface Storage {
  /** Called before each write; throws to make the write fail. */
  beforeWrite?(): void;
  /** Calls `done` when the bytes are on the disk. */
  sync(done: () => void): void;
}

/** A journal's file in memory, with the bytes that a crash would leave. */
export class MemoryFile implements JournalFile {
  readonly state = "whole";
  readonly mark = NO_MARK;
  #bytes: Buffer;
  /** How many bytes are on the disk. */
  #durable: number;
  readonly #storage: Storage;

  constructor(storage: Storage, bytes: Uint8Array = Buffer.alloc(0)) {
    this.#storage = storage;
    this.#bytes = Buffer.from(bytes);
    this.#durable = bytes.length;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(position: number, length: number): Buffer {
    return Buffer.from(this.#bytes.subarray(position, position + length));
  }

  append(bytes: readonly Uint8Array[]): void {
    this.#storage.beforeWrite?.();
    this.#bytes = Buffer.concat([this.#bytes, ...bytes]);
  }

  sync(done: (error: Error | null) => void): void {
    const { size } = this;
    this.#storage.sync(() => {
      this.#durable = Math.max(this.#durable, size);
      done(null);
    });
  }

  replace(write: (append: (bytes: readonly Uint8Array[]) => void) => void): void {
    const parts: Uint8Array[] = [];
    write((bytes) => {
      this.#storage.beforeWrite?.();
      parts.push(...bytes);
    });
    this.#bytes = Buffer.concat(parts);
    this.#durable = this.size;
  }

  close(): void {}

  /**
   * The bytes that the next start finds.
   *
   * @param kept - Share of the bytes not yet on the disk that survive; 1 after a mere crash of the process.
   */
  afterCrash(kept: number): Buffer {
    const end = this.#durable + Math.floor((this.size - this.#durable) * kept);
    return Buffer.from(this.#bytes.subarray(0, end));
  }
}
