/** Writes the fields of an envelope into one growing buffer. Integers are LEB128 varints, up to 2^53 - 1. */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  /** @param capacity - Initial size of the buffer, in bytes. */
  constructor(capacity = 256) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  integer(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${value} is not an unsigned safe integer`);
    this.#reserve(8);
    if (value < 0x80) {
      this.#bytes[this.#length++] = value;
      return;
    }
    let rest = value;
    // Division instead of shifts, which cut numbers to 32 bits.
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  text(value: string): void {
    const size = Buffer.byteLength(value);
    this.integer(size);
    this.#reserve(size);
    this.#length += this.#bytes.write(value, this.#length);
  }

  bytes(value: Uint8Array): void {
    this.integer(value.length);
    this.raw(value);
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Writes sequence numbers, each as its zigzag difference to the previous one: consecutive numbers take one byte each. */
  sequence(values: readonly number[]): void {
    this.integer(values.length);
    let previous = 0;
    for (const value of values) {
      this.difference(value, previous);
      previous = value;
    }
  }

  difference(value: number, previous: number): void {
    const step = value - previous;
    this.integer(step >= 0 ? step * 2 : -step * 2 - 1);
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(extra: number): void {
    const needed = this.#length + extra;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
