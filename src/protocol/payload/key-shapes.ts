import { randomBytes } from "node:crypto";

/** Slots of the table, a power of two: more than twice as many as new keys are allowed in a payload. */
const SLOTS = 65_536;

/** Where a key is looked for, slots in a row. A key that is not found there counts as new: no payload can make the search slow. */
const MAX_PROBES = 8;

const OFFSET = 0;
const LENGTH = 1;
const BEFORE = 2;
/** The fields of a slot: where the key is, its length, the shape before it, and in which payload that was. */
const FIELDS = 4;

/**
 * The shapes of a payload's maps: which keys follow each other. Each new one makes the engine describe another kind of object, which takes twenty times as
 * long as one more object of a kind that it knows.
 */
export class KeyShapes {
  /** Made for the first large payload of the process. */
  #slots: Int32Array | undefined;
  #payload = 0;
  /** Nobody can choose keys that share a slot. */
  readonly #seed = randomBytes(4).readInt32LE();
  /** How many shapes the payload has. */
  count = 0;

  /** A new payload begins. */
  clear(): void {
    this.#payload = (this.#payload + 1) | 0;
    this.count = 0;
  }

  /**
   * Finds the shape that a key leads to.
   *
   * @param before - The shape of the keys before it; 0 for the first key of a map.
   * @returns The shape; negative, and to be negated, where no map of this payload had it before. 0 where it cannot be kept.
   */
  next(bytes: Uint8Array, offset: number, length: number, before: number): number {
    this.#slots ??= new Int32Array(SLOTS * FIELDS);
    const slots = this.#slots;
    let hash = Math.imul(before ^ this.#seed, 0x9e3779b1);
    for (let index = 0; index < length; index++) {
      hash = Math.imul(hash ^ (bytes[offset + index] as number), 0x85ebca6b);
      hash ^= hash >>> 15;
    }
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const slot = (hash + probe) & (SLOTS - 1);
      const at = slot * FIELDS;
      if (slots[at + 3] !== this.#payload) {
        slots[at + OFFSET] = offset;
        slots[at + LENGTH] = length;
        slots[at + BEFORE] = before;
        slots[at + 3] = this.#payload;
        this.count += 1;
        return -(slot + 1);
      }
      if (slots[at + BEFORE] !== before || slots[at + LENGTH] !== length) continue;
      if (areEqual(bytes, slots[at + OFFSET] as number, offset, length)) return slot + 1;
    }
    return 0;
  }
}

function areEqual(bytes: Uint8Array, one: number, other: number, length: number): boolean {
  for (let index = 0; index < length; index++) if (bytes[one + index] !== bytes[other + index]) return false;
  return true;
}
