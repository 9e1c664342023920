import { isAscii } from "node:buffer";
import { BYTES_PER_VALUE, MANY_SHAPES, SHAPED_KEYS, SHORT_TEXT_BYTES, VALUES } from "../bounds.ts";
import { KeyShapes } from "./key-shapes.ts";

/** ASCII texts up to this length are recognised here: a call of the engine's own function would take longer. */
const FEW_BYTES = 64;

/** What the bytes of binary data count as. */
export function binaryValues(length: number): number {
  return Math.floor(length / BYTES_PER_VALUE.copied);
}

/** What the bytes of a bigint count as. */
export function bigintValues(length: number): number {
  return Math.floor(length / BYTES_PER_VALUE.bigint);
}

/** What the bytes of a text count as. */
export function textValues(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  const isPlain = length < FEW_BYTES ? hasOnlyAscii(bytes, start, end) : isAscii(bytes.subarray(start, end));
  if (!isPlain) return Math.floor(length / BYTES_PER_VALUE.text);
  const short = Math.min(length, SHORT_TEXT_BYTES);
  return (
    Math.floor(short / BYTES_PER_VALUE.shortText) + Math.floor((length - short) / BYTES_PER_VALUE.copied)
  );
}

function hasOnlyAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index++) if ((bytes[index] as number) > 0x7f) return false;
  return true;
}

/** Counts the keys of a payload's maps. */
export class KeyValues {
  readonly #shapes = new KeyShapes();
  /** What the key that was counted last counts as. */
  latest = 0;

  /** A new payload begins. */
  clear(): void {
    this.#shapes.clear();
  }

  /**
   * @param start - Where the key begins, with its head.
   * @param index - How many keys the map has before it.
   * @param before - The shape of the keys before it.
   * @returns The shape up to this key.
   */
  count(bytes: Uint8Array, start: number, end: number, index: number, before: number): number {
    const length = end - start;
    this.latest = Math.floor(length / BYTES_PER_VALUE.key);
    const shape = index < SHAPED_KEYS ? this.#shapes.next(bytes, start, length, before) : 0;
    const isNew = shape <= 0;
    if (index >= SHAPED_KEYS) this.latest += VALUES.laterKey;
    else if (isNew) this.latest += VALUES.newKey;
    else this.latest += this.#shapes.count > MANY_SHAPES ? VALUES.scatteredKey : VALUES.knownKey;
    if (isNumber(bytes, start, end)) this.latest += VALUES.numberKey;
    return Math.abs(shape);
  }
}

/** Longest number of an element, in digits. */
const MAX_DIGITS = 10;

/** Whether a key may be the number of an element: the engine keeps those elsewhere. */
function isNumber(bytes: Uint8Array, start: number, end: number): boolean {
  const code = bytes[start] as number;
  const first = start + (code === 0xd9 ? 2 : code === 0xda ? 3 : code === 0xdb ? 5 : 1);
  return end - first <= MAX_DIGITS && isDigit(bytes[first]) && isDigit(bytes[end - 1]);
}

function isDigit(byte = 0): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
