import { MAX_ATTEMPT, MAX_NAME_BYTES, MAX_SEQ } from "../limits.ts";
import { isName, NAME_RULE } from "../name.ts";

/** Thrown for bytes that break the protocol. The text never quotes received bytes. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** Thrown for a message that claims more than its kind may hold. Its sender is told so, and not heard any more. */
export class BoundError extends ProtocolError {}

/** Thrown for a name with characters that none may have, or a longer one. */
export class NameError extends BoundError {
  constructor() {
    super(`A name (of a task type, a run, a worker or a client) must be ${NAME_RULE}`);
  }
}

/** Checks a sequence number. */
function inRange(seq: number): number {
  if (!(seq >= 0 && seq <= MAX_SEQ)) throw new BoundError("Sequence number is out of range");
  return seq;
}

/** Reads fields that {@link ByteWriter} wrote. The bytes are not trusted: no read goes beyond their end. */
export class ByteReader {
  readonly #bytes: Buffer;
  #offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = offset;
  }

  /** Offset of the next byte to read. */
  get offset(): number {
    return this.#offset;
  }

  byte(): number {
    const value = this.#bytes[this.#offset];
    if (value === undefined) throw new ProtocolError("Envelope is cut off");
    this.#offset += 1;
    return value;
  }

  integer(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 0x80;
    for (;;) {
      const next = this.byte();
      value += (next & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new BoundError("Integer is out of range");
      if (next < 0x80) return value;
      scale *= 0x80;
      if (scale > Number.MAX_SAFE_INTEGER) throw new BoundError("Integer is too long");
    }
  }

  text(maxBytes: number): string {
    const size = this.#size(maxBytes);
    const value = this.#bytes.toString("utf8", this.#offset, this.#offset + size);
    this.#offset += size;
    return value;
  }

  /** Reads a name: of a task type, a run, a worker or a client. */
  name(): string {
    const size = this.integer();
    if (size > this.#bytes.length - this.#offset) throw new ProtocolError("Field is longer than its frame");
    const value = this.#bytes.toString(
      "utf8",
      this.#offset,
      this.#offset + Math.min(size, MAX_NAME_BYTES + 1),
    );
    if (!isName(value)) throw new NameError();
    this.#offset += size;
    return value;
  }

  bytes(maxBytes: number): Buffer {
    const size = this.#size(maxBytes);
    const value = this.#bytes.subarray(this.#offset, this.#offset + size);
    this.#offset += size;
    return value;
  }

  /** @param most - The most numbers that the list may have. */
  sequence(most: number): number[] {
    const count = this.count(most);
    const values = new Array<number>(count);
    let previous = 0;
    for (let index = 0; index < count; index++) {
      previous = this.difference(previous);
      values[index] = previous;
    }
    return values;
  }

  difference(previous: number): number {
    const code = this.integer();
    const value = code % 2 === 0 ? previous + code / 2 : previous - (code + 1) / 2;
    return inRange(value);
  }

  /** Reads a single sequence number. */
  seq(): number {
    return inRange(this.integer());
  }

  /** Reads the number of an attempt; 0 where nothing was executed. */
  attempt(): number {
    const attempt = this.integer();
    if (attempt > MAX_ATTEMPT) throw new BoundError("Attempt is out of range");
    return attempt;
  }

  /** Reads an integer that may be at most `most`. */
  integerUpTo(most: number): number {
    const value = this.integer();
    if (value > most) throw new BoundError(`A number is larger than ${most}`);
    return value;
  }

  /**
   * Reads the length of a list. Each entry takes at least a byte, so a length beyond the rest of the frame is refused.
   *
   * @param most - The most entries that the list may have.
   */
  count(most: number): number {
    const count = this.integer();
    if (count > most) throw new BoundError(`A list has more than ${most} entries`);
    if (count > this.#bytes.length - this.#offset) throw new ProtocolError("List is longer than its frame");
    return count;
  }

  /** Reads all remaining bytes. */
  rest(): Buffer {
    const rest = this.#bytes.subarray(this.#offset);
    this.#offset = this.#bytes.length;
    return rest;
  }

  end(): void {
    if (this.#offset !== this.#bytes.length) throw new ProtocolError("Envelope has trailing bytes");
  }

  #size(maxBytes: number): number {
    const size = this.integer();
    if (size > maxBytes) throw new BoundError(`A field is longer than ${maxBytes} bytes`);
    if (size > this.#bytes.length - this.#offset) throw new ProtocolError("Field is longer than its frame");
    return size;
  }
}
