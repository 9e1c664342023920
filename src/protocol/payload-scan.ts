import { ProtocolError } from "./byte-reader.ts";
import { MAX_DEPTH } from "./limits.ts";

/** Extension types that our encoder writes: undefined, timestamp, bigint, typed array. msgpackr knows more, and runs code for some. */
const EXT_UNDEFINED = 0x00;
const EXT_TIMESTAMP = 0xff;
const EXT_BIGINT = 0x42;
const EXT_TYPED_ARRAY = 0x74;
/** Bytes per element of msgpackr's typed array codes: Int8 … BigUint64 as it numbers them, ArrayBuffer 16. */
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

/**
 * Walks MessagePack bytes without building anything, and refuses what a decoder must not be given: other extensions,
 * lengths beyond the end, deep nesting, keys that are not strings or are `__proto__`, trailing bytes.
 *
 * @throws ProtocolError with the rule that was broken; never with what was received.
 */
export function scanPayload(payload: Uint8Array): void {
  const bytes = Buffer.isBuffer(payload)
    ? payload
    : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const offset = scanValue(bytes, 0, 0);
  if (offset !== bytes.length) throw new ProtocolError("Payload has trailing bytes");
}

/** Checks the value at `offset` and returns where the next one begins. Recursion is bounded by `MAX_DEPTH`. */
function scanValue(bytes: Buffer, offset: number, depth: number): number {
  const code = bytes[offset];
  if (code === undefined) throw cutOff();
  const next = offset + 1;
  if (code <= 0x7f || code >= 0xe0) return next;
  if (code <= 0x8f) return scanMap(bytes, next, code & 0x0f, depth);
  if (code <= 0x9f) return scanArray(bytes, next, code & 0x0f, depth);
  if (code <= 0xbf) return skip(bytes, next, code & 0x1f);
  switch (code) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return next;
    case 0xc4: // bin 8
    case 0xd9: // str 8
      return skip(bytes, next + 1, size(bytes, next, 1));
    case 0xc5:
    case 0xda:
      return skip(bytes, next + 2, size(bytes, next, 2));
    case 0xc6:
    case 0xdb:
      return skip(bytes, next + 4, size(bytes, next, 4));
    case 0xc7: // ext 8
      return scanExtension(bytes, next + 1, size(bytes, next, 1));
    case 0xc8:
      return scanExtension(bytes, next + 2, size(bytes, next, 2));
    case 0xc9:
      return scanExtension(bytes, next + 4, size(bytes, next, 4));
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
    case 0xcf:
    case 0xd3:
      return skip(bytes, next, 8);
    case 0xd4: // fixext 1 …
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8: // … fixext 16
      return scanExtension(bytes, next, 1 << (code - 0xd4));
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

function scanArray(bytes: Buffer, start: number, count: number, depth: number): number {
  enter(bytes, start, count, depth);
  let offset = start;
  for (let left = count; left > 0; left--) offset = scanValue(bytes, offset, depth + 1);
  return offset;
}

function scanMap(bytes: Buffer, start: number, count: number, depth: number): number {
  enter(bytes, start, count * 2, depth);
  let offset = start;
  for (let left = count; left > 0; left--) {
    const key = offset;
    const code = bytes[key] ?? 0;
    if ((code & 0xe0) !== 0xa0 && code !== 0xd9 && code !== 0xda && code !== 0xdb) {
      throw new ProtocolError("Payload has a key that is not a string");
    }
    offset = scanValue(bytes, key, depth + 1);
    const length = offset - key;
    if (
      length > PROTO.length &&
      length <= PROTO.length + 5 &&
      bytes.subarray(offset - PROTO.length, offset).equals(PROTO)
    ) {
      throw new ProtocolError("Payload has a key named __proto__");
    }
    offset = scanValue(bytes, offset, depth + 1);
  }
  return offset;
}

function enter(bytes: Buffer, start: number, entries: number, depth: number): void {
  if (depth >= MAX_DEPTH) throw new ProtocolError("Payload is nested too deeply");
  // Each entry takes at least a byte, so that a claim beyond the rest is refused before the loop begins.
  if (entries > bytes.length - start) throw cutOff();
}

function scanExtension(bytes: Buffer, typeOffset: number, length: number): number {
  const start = typeOffset + 1;
  const end = skip(bytes, start, length);
  const allowed = () => {
    switch (bytes[typeOffset]) {
      case EXT_UNDEFINED:
        return length === 1;
      case EXT_TIMESTAMP:
        return length === 1 || length === 4 || length === 8 || length === 12;
      case EXT_BIGINT:
        return length <= 264;
      case EXT_TYPED_ARRAY: {
        const element = ELEMENT_BYTES.get(bytes[start] ?? -1);
        return element !== undefined && (length - 1) % element === 0;
      }
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

function cutOff(): ProtocolError {
  return new ProtocolError("Payload is cut off");
}
