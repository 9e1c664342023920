/** Size of a key's hash. */
export const KEY_BYTES = 16;

/** Most hashes in one record of a compacted journal. */
const CHUNK_KEYS = 4096;

/** Initial number of slots. The number is always a power of two. */
const SLOTS = 64;

/** The states of a slot. */
const EMPTY = 0;
/** The key belongs to an earlier increment. */
const KEPT = 1;
/** The key's item was produced before the run was resumed, and the source has not given it again since. */
const EXPECTED = 2;
/** The source gave the key's item after the run was begun or resumed. */
const MET = 3;

/**
 * The keys of all items that a task has produced, as hashes of 128 bits. The table uses open addressing, with 17 bytes per slot and at most
 * three of four slots in use. Hashes are uniform, so a hash's first bytes choose its slot.
 */
export class KeySet {
  #words = new Uint32Array(SLOTS * 4);
  #states = new Uint8Array(SLOTS);
  size = 0;

  /**
   * Looks up the key of an item that the source gives.
   *
   * @returns `"new"`: the key is unknown (it is not added). `"expected"`: the item was produced before the run was resumed.
   *   `"repeated"`: the source gave an item with this key before.
   */
  meet(hash: Buffer): "new" | "expected" | "repeated" {
    const slot = this.#find(hash);
    const state = this.#states[slot];
    if (state === EMPTY) return "new";
    if (state !== EXPECTED) return "repeated";
    this.#states[slot] = MET;
    return "expected";
  }

  /** Adds the key of an item that was produced. */
  add(hash: Buffer): void {
    this.#put(hash, MET);
  }

  /** Adds the keys of a journal's record. @param hashes - Concatenated hashes. */
  restore(hashes: Buffer, isKept: boolean): void {
    for (let at = 0; at + KEY_BYTES <= hashes.length; at += KEY_BYTES)
      this.#put(hashes.subarray(at, at + KEY_BYTES), isKept ? KEPT : EXPECTED);
  }

  /** Ends an increment: from now on, every known key is `"repeated"`. */
  keep(): void {
    for (let slot = 0; slot < this.#states.length; slot++)
      if (this.#states[slot] !== EMPTY) this.#states[slot] = KEPT;
  }

  /** All hashes in chunks, for {@link KeySet.restore}. */
  *chunks(): IterableIterator<{ readonly hashes: Buffer; readonly isKept: boolean }> {
    for (const isKept of [true, false]) {
      let hashes = Buffer.allocUnsafe(CHUNK_KEYS * KEY_BYTES);
      let filled = 0;
      for (let slot = 0; slot < this.#states.length; slot++) {
        const state = this.#states[slot] as number;
        if (state === EMPTY || (state === KEPT) !== isKept) continue;
        for (let word = slot * 4; word < slot * 4 + 4; word++)
          filled = hashes.writeUInt32LE(this.#words[word] as number, filled);
        if (filled < hashes.length) continue;
        yield { hashes, isKept };
        hashes = Buffer.allocUnsafe(CHUNK_KEYS * KEY_BYTES);
        filled = 0;
      }
      if (filled > 0) yield { hashes: hashes.subarray(0, filled), isKept };
    }
  }

  #put(hash: Buffer, state: number): void {
    const slot = this.#find(hash);
    if (this.#states[slot] === EMPTY) {
      for (let word = 0; word < 4; word++) this.#words[slot * 4 + word] = hash.readUInt32LE(word * 4);
      this.size += 1;
    }
    this.#states[slot] = state;
    if (this.size * 4 > this.#states.length * 3) this.#grow();
  }

  /** The key's slot, or the empty slot for it. */
  #find(hash: Buffer): number {
    const [first, second] = [hash.readUInt32LE(0), hash.readUInt32LE(4)];
    const [third, fourth] = [hash.readUInt32LE(8), hash.readUInt32LE(12)];
    const last = this.#states.length - 1;
    for (let slot = first & last; ; slot = (slot + 1) & last) {
      if (this.#states[slot] === EMPTY) return slot;
      const at = slot * 4;
      const isSame =
        this.#words[at] === first &&
        this.#words[at + 1] === second &&
        this.#words[at + 2] === third &&
        this.#words[at + 3] === fourth;
      if (isSame) return slot;
    }
  }

  #grow(): void {
    const [words, states] = [this.#words, this.#states];
    this.#words = new Uint32Array(words.length * 2);
    this.#states = new Uint8Array(states.length * 2);
    const last = this.#states.length - 1;
    for (let from = 0; from < states.length; from++) {
      if (states[from] === EMPTY) continue;
      let slot = (words[from * 4] as number) & last;
      while (this.#states[slot] !== EMPTY) slot = (slot + 1) & last;
      this.#words.set(words.subarray(from * 4, from * 4 + 4), slot * 4);
      this.#states[slot] = states[from] as number;
    }
  }
}
