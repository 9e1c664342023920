/**
 * A rolling hash of 64 bits over a sequence of payloads: two lanes of 32 bits, four bytes at a time. It detects accidental differences,
 * such as another order or a changed field. It is not cryptographic: collisions can be constructed.
 */
export class ContentHash {
  #a = 0x9e3779b9 | 0;
  #b = 0x85ebca6b | 0;

  get lanes(): readonly [number, number] {
    return [this.#a >>> 0, this.#b >>> 0];
  }

  set lanes([a, b]: readonly [number, number]) {
    this.#a = a | 0;
    this.#b = b | 0;
  }

  /** The hash so far, in 32 bits. */
  get mark(): number {
    return (this.#a ^ Math.imul(this.#b, 0x2c1b3c6d)) >>> 0;
  }

  add(payload: Uint8Array): void {
    const { length } = payload;
    // The length goes first, so that two items and one item with the bytes of both have different hashes.
    let a = mixA(this.#a, length);
    let b = mixB(this.#b, length);
    let at = 0;
    for (; at + 4 <= length; at += 4) {
      const word =
        (payload[at] as number) |
        ((payload[at + 1] as number) << 8) |
        ((payload[at + 2] as number) << 16) |
        ((payload[at + 3] as number) << 24);
      a = mixA(a, word);
      b = mixB(b, word);
    }
    for (; at < length; at++) {
      a = mixA(a, payload[at] as number);
      b = mixB(b, payload[at] as number);
    }
    this.#a = a;
    this.#b = b;
  }
}

// A multiplication spreads differences to higher bits only. The rotation brings the highest bits back.
function mixA(lane: number, word: number): number {
  const mixed = Math.imul(lane ^ word, 0xcc9e2d51);
  return (((mixed << 15) | (mixed >>> 17)) + 0x38b34ae5) | 0;
}

function mixB(lane: number, word: number): number {
  const mixed = Math.imul(lane ^ Math.imul(word, 0x1b873593), 0x9e3779b1);
  return ((mixed << 13) | (mixed >>> 19)) ^ 0x52dce729;
}
