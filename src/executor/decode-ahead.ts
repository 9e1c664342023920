import type { Payload } from "../protocol/payload/payload.ts";

/** How many items are decoded at a time. */
const AHEAD = 32;

/** Larger payloads, in bytes, wait for their turn: decoded values take more memory. */
const SMALL_BYTES = 1024;

interface Encoded {
  readonly payload: Uint8Array;
}

/**
 * Decodes the items that are next together with the one that is needed. Decoding takes a microsecond or two, but about 60 when
 * it comes after milliseconds of other work, with its code and data out of the processor's caches. So a lot of items pays that
 * once.
 */
export class DecodeAhead<T extends Encoded> {
  readonly #decode: (bytes: Uint8Array) => Payload;
  readonly #upcoming: (index: number) => T | undefined;
  /** What was decoded before its turn, in order of turns. */
  #ahead: { readonly item: T; readonly data: Payload }[] = [];
  #next = 0;

  /** @param upcoming - The items that are likely to be next: 0 is the first. */
  constructor(decode: (bytes: Uint8Array) => Payload, upcoming: (index: number) => T | undefined) {
    this.#decode = decode;
    this.#upcoming = upcoming;
  }

  /**
   * The data of the item whose turn it is.
   *
   * @throws ProtocolError when it cannot be decoded.
   */
  take(item: T): Payload {
    const known = this.#ahead[this.#next];
    if (known?.item === item) {
      this.#next += 1;
      return known.data;
    }
    // The lot is spent, or the items have gone elsewhere.
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
        return; // it is decoded again when it is its turn, and fails then
      }
    }
  }
}
