/** Most items that are decoded at a time. */
const AHEAD = 32;

/** Largest payload that is decoded ahead, in bytes: decoded values take more memory. */
const SMALL_BYTES = 1024;

interface Encoded {
  readonly payload: Uint8Array;
}

/**
 * Decodes the next items together with the one that is needed. Decoding takes one or two microseconds, but about 60 after milliseconds of
 * other work, when its code and data have left the processor's caches. Decoding several items at a time pays that price once.
 */
export class DecodeAhead<T extends Encoded> {
  readonly #decode: (bytes: Uint8Array) => unknown;
  readonly #upcoming: (index: number) => T | undefined;
  /** Items decoded ahead, in the order in which they are needed. */
  #ahead: { readonly item: T; readonly data: unknown }[] = [];
  #next = 0;

  /** @param upcoming - Returns an item that is likely to be next: 0 is the first. */
  constructor(decode: (bytes: Uint8Array) => unknown, upcoming: (index: number) => T | undefined) {
    this.#decode = decode;
    this.#upcoming = upcoming;
  }

  /**
   * Returns the data of the item that is executed now.
   *
   * @throws ProtocolError when it cannot be decoded.
   */
  take(item: T): unknown {
    const known = this.#ahead[this.#next];
    if (known?.item === item) {
      this.#next += 1;
      return known.data;
    }
    // All items decoded ahead are used up, or other items came first.
    const data = this.#decode(item.payload);
    this.#fill();
    return data;
  }

  #fill(): void {
    this.#ahead = [];
    this.#next = 0;
    for (let index = 0; index < AHEAD; index++) {
      const item = this.#upcoming(index);
      if (item === undefined || item.payload.length > SMALL_BYTES) return;
      try {
        this.#ahead.push({ item, data: this.#decode(item.payload) });
      } catch {
        return; // the item is decoded again when it is needed, and fails then
      }
    }
  }
}
