import { WITHOUT_PROTOTYPE } from "./exact-encoder.ts";
import { EXT_HOLE, EXT_OBJECT, EXT_TEXT, endOfValue, extensionAt } from "./payload-scan.ts";

/** Decodes a value without parts that plain MessagePack can express. */
type DecodeLeaf = (bytes: Uint8Array) => unknown;

/** Stands for a missing element of a list. */
const HOLE: unique symbol = Symbol("hole");

/** Decodes bytes that were scanned and contain an extension that only `encodeExactly` writes. */
export function decodeExactly(bytes: Buffer, leaf: DecodeLeaf): unknown {
  return new ExactDecoder(bytes, leaf).value();
}

class ExactDecoder {
  readonly #bytes: Buffer;
  readonly #leaf: DecodeLeaf;
  #offset = 0;

  constructor(bytes: Buffer, leaf: DecodeLeaf) {
    this.#bytes = bytes;
    this.#leaf = leaf;
  }

  value(): unknown {
    const code = this.#bytes[this.#offset] as number;
    if (code >= 0x80 && code <= 0x8f) return this.#object(this.#skip(1, code & 0x0f));
    if (code >= 0x90 && code <= 0x9f) return this.#list(this.#skip(1, code & 0x0f));
    if (code <= 0x7f) return this.#skip(1, code);
    if (code >= 0xe0) return this.#skip(1, code - 0x100);
    if (code >= 0xa0 && code <= 0xbf) return this.#text(1, code & 0x1f);
    const next = this.#offset + 1;
    switch (code) {
      case 0xc0:
        return this.#skip(1, null);
      case 0xc2:
      case 0xc3:
        return this.#skip(1, code === 0xc3);
      case 0xca:
        return this.#skip(5, this.#bytes.readFloatBE(next));
      case 0xcb:
        return this.#skip(9, this.#bytes.readDoubleBE(next));
      case 0xd2:
        return this.#skip(5, this.#bytes.readInt32BE(next));
      case 0xce:
        return this.#skip(5, this.#bytes.readUInt32BE(next));
      case 0xd1:
        return this.#skip(3, this.#bytes.readInt16BE(next));
      case 0xcd:
        return this.#skip(3, this.#bytes.readUInt16BE(next));
      case 0xd0:
        return this.#skip(2, this.#bytes.readInt8(next));
      case 0xcc:
        return this.#skip(2, this.#bytes.readUInt8(next));
      case 0xd9:
        return this.#text(2, this.#bytes.readUInt8(next));
      case 0xda:
        return this.#text(3, this.#bytes.readUInt16BE(next));
      case 0xdb:
        return this.#text(5, this.#bytes.readUInt32BE(next));
      case 0xdc:
        return this.#list(this.#skip(3, this.#bytes.readUInt16BE(next)));
      case 0xdd:
        return this.#list(this.#skip(5, this.#bytes.readUInt32BE(next)));
      case 0xde:
        return this.#object(this.#skip(3, this.#bytes.readUInt16BE(next)));
      case 0xdf:
        return this.#object(this.#skip(5, this.#bytes.readUInt32BE(next)));
      default:
        return this.#extension();
    }
  }

  /** Skips `bytes` bytes: a head, or a whole value. @returns The given count or value. */
  #skip<T>(bytes: number, value: T): T {
    this.#offset += bytes;
    return value;
  }

  #text(head: number, length: number): string {
    const start = this.#offset + head;
    this.#offset = start + length;
    return this.#bytes.toString("utf8", start, this.#offset);
  }

  /** Has a value decoded that is rare: that takes long for each. */
  #plain(): unknown {
    const end = endOfValue(this.#bytes, this.#offset);
    const value = this.#leaf(this.#bytes.subarray(this.#offset, end));
    this.#offset = end;
    return value;
  }

  /** Decodes an extension of `encodeExactly`, or any other value without parts. */
  #extension(): unknown {
    const found = extensionAt(this.#bytes, this.#offset);
    if (found === undefined || ![EXT_HOLE, EXT_TEXT, EXT_OBJECT].includes(found.type)) return this.#plain();
    const { type, start, end } = found;
    this.#offset = start;
    if (type === EXT_OBJECT) return this.#pairs();
    this.#offset = end;
    return type === EXT_HOLE ? HOLE : this.#bytes.toString("utf16le", start, end);
  }

  #pairs(): Record<string, unknown> {
    const isBare = this.#bytes[this.#offset] === WITHOUT_PROTOTYPE;
    this.#offset += 1;
    const pairs = this.value() as unknown[];
    const object: Record<string, unknown> = isBare ? Object.create(null) : {};
    for (let index = 0; index < pairs.length; index += 2) object[pairs[index] as string] = pairs[index + 1];
    return object;
  }

  #list(count: number): unknown[] {
    const list: unknown[] = [];
    for (let index = 0; index < count; index++) {
      const element = this.value();
      if (element === HOLE) list.length = index + 1;
      else list[index] = element;
    }
    return list;
  }

  #object(count: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    for (let left = count; left > 0; left--) {
      const key = this.value() as string;
      object[key] = this.value();
    }
    return object;
  }
}
