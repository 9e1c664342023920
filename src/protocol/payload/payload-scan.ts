import { MAX_VALUES, UNCOUNTED_BYTES, VALUES } from "../bounds.ts";
import { MAX_DEPTH } from "../limits.ts";
import { BoundError, ProtocolError } from "../wire/byte-reader.ts";
import { bigintValues, binaryValues, KeyValues, textValues } from "./value-count.ts";

/** The extension types that msgpackr writes here. It reads more types, and runs code for some of them. */
const EXT_UNDEFINED = 0x00;
const EXT_TIMESTAMP = 0xff;
export const EXT_BIGINT = 0x42;
export const EXT_TYPED_ARRAY = 0x74;
/** The extension types of `encodeExactly`: a hole in a list, text in UTF-16, an object in pairs. */
export const EXT_HOLE = 0x68;
export const EXT_TEXT = 0x75;
export const EXT_OBJECT = 0x6f;
/** Bytes per element, by msgpackr's code of a typed array: 0 is Int8Array, 10 BigUint64Array, 16 ArrayBuffer. */
const ELEMENT_BYTES: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [1, 1],
  [2, 1],
  [3, 2],
  [4, 2],
  [5, 4],
  [6, 4],
  [7, 4],
  [8, 8],
  [9, 8],
  [10, 8],
  [16, 1],
]);
const PROTO = Buffer.from("__proto__");
const PROTO_IN_UTF16 = Buffer.from("__proto__", "utf16le");

/** Whether the bytes that were scanned so far have an extension of `encodeExactly`. */
let isExact = false;

/** What the values that were scanned so far count as, and how much more than that in a payload that only `decodeExactly` can decode. */
let values = 0;
let exactValues = 0;

/** Whether the payload is large enough to hold too many values. */
let isCounted = false;

const keyValues = new KeyValues();

/**
 * Checks MessagePack bytes before they are decoded. Refuses other extensions, lengths beyond the end, too many values, deep nesting, keys
 * that are not strings or are `__proto__`, and trailing bytes.
 *
 * @returns Whether only `decodeExactly` can decode the bytes.
 * @throws ProtocolError with the rule that was broken; never with received bytes.
 */
export function scanPayload(payload: Uint8Array): boolean {
  isExact = false;
  values = 0;
  exactValues = 0;
  isCounted = payload.length > UNCOUNTED_BYTES;
  if (isCounted) keyValues.clear();
  const bytes = Buffer.isBuffer(payload)
    ? payload
    : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const offset = scanValue(bytes, 0, 0);
  if (offset !== bytes.length) throw new ProtocolError("Payload has trailing bytes");
  if (isCounted && values + (isExact ? exactValues : 0) > MAX_VALUES) throw tooMany();
  return isExact;
}

/** The end of a value that was scanned before. */
export function endOfValue(bytes: Buffer, offset: number): number {
  isCounted = false;
  return scanValue(bytes, offset, 0);
}

/** Type, start and end of the extension at `offset`; nothing when the value there is not an extension. */
export function extensionAt(
  bytes: Buffer,
  offset: number,
): { readonly type: number; readonly start: number; readonly end: number } | undefined {
  const code = bytes[offset] ?? 0;
  const width = code >= 0xc7 && code <= 0xc9 ? ((1 << (code - 0xc7)) as 1 | 2 | 4) : 0;
  if (width === 0 && (code < 0xd4 || code > 0xd8)) return undefined;
  const length = width === 0 ? 1 << (code - 0xd4) : size(bytes, offset + 1, width);
  const start = offset + 2 + width;
  return { type: bytes[start - 1] ?? 0, start, end: skip(bytes, start, length) };
}

/** Checks the value at `offset` and returns where the next one begins. Recursion is bounded by `MAX_DEPTH`. */
function scanValue(bytes: Buffer, offset: number, depth: number): number {
  const code = bytes[offset];
  if (code === undefined) throw cutOff();
  if (isCounted) {
    values += 1;
    exactValues += VALUES.exact;
    if (values > MAX_VALUES) throw tooMany();
  }
  const next = offset + 1;
  if (code <= 0x7f || code >= 0xe0) return next;
  if (code <= 0x8f) return scanMap(bytes, next, code & 0x0f, depth);
  if (code <= 0x9f) return scanArray(bytes, next, code & 0x0f, depth);
  if (code <= 0xbf) return scanText(bytes, next, code & 0x1f);
  switch (code) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return next;
    case 0xc4: // bin 8
      return scanBinary(bytes, next + 1, size(bytes, next, 1));
    case 0xc5: // bin 16
      return scanBinary(bytes, next + 2, size(bytes, next, 2));
    case 0xc6: // bin 32
      return scanBinary(bytes, next + 4, size(bytes, next, 4));
    case 0xd9: // str 8
      return scanText(bytes, next + 1, size(bytes, next, 1));
    case 0xda:
      return scanText(bytes, next + 2, size(bytes, next, 2));
    case 0xdb:
      return scanText(bytes, next + 4, size(bytes, next, 4));
    case 0xc7: // ext 8
      return scanExtension(bytes, next + 1, size(bytes, next, 1), depth);
    case 0xc8:
      return scanExtension(bytes, next + 2, size(bytes, next, 2), depth);
    case 0xc9:
      return scanExtension(bytes, next + 4, size(bytes, next, 4), depth);
    case 0xcc: // uint 8
    case 0xd0: // int 8
      return skip(bytes, next, 1);
    case 0xcd:
    case 0xd1:
      return skip(bytes, next, 2);
    case 0xca: // float 32
    case 0xce:
    case 0xd2:
      return skip(bytes, next, 4);
    case 0xcb: // float 64
      return skip(bytes, next, 8);
    case 0xcf: // uint 64
    case 0xd3: // int 64
      countSlow(VALUES.integer64);
      return skip(bytes, next, 8);
    case 0xd4: // fixext 1 …
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8: // … fixext 16
      return scanExtension(bytes, next, 1 << (code - 0xd4), depth);
    case 0xdc:
      return scanArray(bytes, next + 2, size(bytes, next, 2), depth);
    case 0xdd:
      return scanArray(bytes, next + 4, size(bytes, next, 4), depth);
    case 0xde:
      return scanMap(bytes, next + 2, size(bytes, next, 2), depth);
    case 0xdf:
      return scanMap(bytes, next + 4, size(bytes, next, 4), depth);
    default:
      throw new ProtocolError("Payload has a code that MessagePack does not use");
  }
}

/** Counts a value that is slow to decode, and still slower beside a value that only `decodeExactly` can decode. */
function countSlow(as: number): void {
  values += as - 1;
  exactValues += VALUES.exactSlow;
}

function scanBinary(bytes: Buffer, start: number, length: number): number {
  const end = skip(bytes, start, length);
  countSlow(VALUES.binary + binaryValues(length));
  return end;
}

function scanText(bytes: Buffer, start: number, length: number): number {
  const end = skip(bytes, start, length);
  if (isCounted) values += VALUES.text - 1 + textValues(bytes, start, end);
  return end;
}

function scanArray(bytes: Buffer, start: number, count: number, depth: number): number {
  enter(bytes, start, count, depth);
  values += VALUES.list - 1;
  let offset = start;
  for (let left = count; left > 0; left--) {
    if (bytes[offset] === 0xd4 && bytes[offset + 1] === EXT_HOLE && bytes[offset + 2] === 0) {
      isExact = true; // a hole is allowed in lists only
      values += 1;
      exactValues += VALUES.exact;
      offset += 3;
    } else offset = scanValue(bytes, offset, depth + 1);
  }
  return offset;
}

/** Checks an object in pairs: its flags, then a list in which keys and values alternate. */
function scanPairs(bytes: Buffer, start: number, end: number, depth: number): boolean {
  const code = bytes[start + 1] ?? 0;
  const width = code === 0xdc ? 2 : code === 0xdd ? 4 : 0;
  if ((bytes[start] ?? 2) > 1 || (width === 0 && (code & 0xf0) !== 0x90)) return false;
  const count = width === 0 ? code & 0x0f : size(bytes, start + 2, width);
  let offset = start + 2 + width;
  enter(bytes, offset, count, depth);
  if (count % 2 !== 0) return false;
  let shape = 0;
  for (let index = 0; index < count / 2; index++) {
    const key = offset;
    offset = scanKey(bytes, key, depth, true);
    if (isCounted) shape = countKey(bytes, key, offset, index, shape);
    offset = scanValue(bytes, offset, depth + 1);
  }
  return offset === end;
}

function scanMap(bytes: Buffer, start: number, count: number, depth: number): number {
  enter(bytes, start, count * 2, depth);
  values += VALUES.map - 1;
  let offset = start;
  let shape = 0;
  for (let index = 0; index < count; index++) {
    const key = offset;
    offset = scanKey(bytes, key, depth);
    if (isCounted) shape = countKey(bytes, key, offset, index, shape);
    offset = scanValue(bytes, offset, depth + 1);
  }
  return offset;
}

/** @returns The shape of the map's keys up to this one. */
function countKey(bytes: Buffer, key: number, end: number, index: number, before: number): number {
  const shape = keyValues.count(bytes, key, end, index, before);
  values += keyValues.latest;
  return shape;
}

/** Checks a key and returns where its value begins. Only an object in pairs may have keys in UTF-16. */
function scanKey(bytes: Buffer, key: number, depth: number, mayBeExact = false): number {
  const code = bytes[key] ?? 0;
  const isText = (code & 0xe0) === 0xa0 || code === 0xd9 || code === 0xda || code === 0xdb;
  if (!isText && !(mayBeExact && extensionAt(bytes, key)?.type === EXT_TEXT)) {
    throw new ProtocolError("Payload has a key that is not a string");
  }
  const next = scanValue(bytes, key, depth + 1);
  const proto = isText ? PROTO : PROTO_IN_UTF16;
  const length = next - key;
  if (
    length > proto.length &&
    length <= proto.length + 6 &&
    bytes.subarray(next - proto.length, next).equals(proto)
  ) {
    throw new ProtocolError("Payload has a key named __proto__");
  }
  return next;
}

function enter(bytes: Buffer, start: number, entries: number, depth: number): void {
  if (depth >= MAX_DEPTH) throw new ProtocolError("Payload is nested too deeply");
  // Each entry takes at least a byte, so a count beyond the remaining bytes is refused before the loop begins.
  if (entries > bytes.length - start) throw cutOff();
}

function scanExtension(bytes: Buffer, typeOffset: number, length: number, depth: number): number {
  const start = typeOffset + 1;
  const end = skip(bytes, start, length);
  countSlow(VALUES.extension);
  const allowed = () => {
    switch (bytes[typeOffset]) {
      case EXT_UNDEFINED:
        return length === 1;
      case EXT_TIMESTAMP:
        return length === 1 || length === 4 || length === 8 || length === 12;
      case EXT_BIGINT:
        values += bigintValues(length);
        return length <= 264;
      case EXT_TYPED_ARRAY: {
        const element = ELEMENT_BYTES.get(bytes[start] ?? -1);
        values += binaryValues(length);
        return element !== undefined && (length - 1) % element === 0;
      }
      case EXT_TEXT:
        isExact = true;
        values += binaryValues(length);
        return length % 2 === 0;
      case EXT_OBJECT:
        isExact = true;
        return scanPairs(bytes, start, end, depth);
      default:
        return false;
    }
  };
  if (!allowed()) throw new ProtocolError("Payload has an extension that is not allowed");
  return end;
}

function size(bytes: Buffer, offset: number, width: 1 | 2 | 4): number {
  if (offset + width > bytes.length) throw cutOff();
  return bytes.readUIntBE(offset, width);
}

function skip(bytes: Buffer, start: number, length: number): number {
  if (length > bytes.length - start) throw cutOff();
  return start + length;
}

function tooMany(): BoundError {
  return new BoundError(`Payload has parts that count as more than ${MAX_VALUES} values`);
}

function cutOff(): ProtocolError {
  return new ProtocolError("Payload is cut off");
}
