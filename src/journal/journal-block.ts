import { crc32 } from "node:zlib";

/** What a journal begins with: a name, a version, and how to tell its blocks from anything else. */
export const FORMAT = 2;
const NAME = Buffer.from(`zmqpipeline journal ${FORMAT}\n`, "latin1");

/** What a journal of any format begins with. */
const ANY_FORMAT = /^zmqpipeline journal (\d{1,9})\n/;

const MARK_BYTES = 4;
export const HEADER_BYTES = NAME.length + MARK_BYTES;

/** Mark, length, checksum and what was safe, in front of a block's body. */
export const BLOCK_HEAD_BYTES = MARK_BYTES + 4 + 4 + 8;

/** No block is believed to be longer: a record of the largest payload, and the records before it. */
const MAX_BLOCK_BYTES = 128 * 1024 * 1024;

export interface BlockHead {
  /** Length of the body in bytes. */
  readonly length: number;
  readonly checksum: number;
  /**
   * Where the part of the file ended, when the block was written, that the next crash could not take back. A block that is not
   * whole is damage when it lies before that, and a torn tail when not.
   */
  readonly safe: number;
}

/** @param mark - Four random bytes, of this file alone: so a journal inside a payload is not taken for blocks. */
export function encodeHeader(mark: Uint8Array): Buffer {
  return Buffer.concat([NAME, mark]);
}

/** The mark; nothing when this is no header. */
export function decodeHeader(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < HEADER_BYTES || !NAME.equals(bytes.subarray(0, NAME.length))) return undefined;
  return bytes.slice(NAME.length, HEADER_BYTES);
}

/** The format of a journal that another version of this library made; nothing when this is no journal, or one of ours. */
export function otherFormat(bytes: Buffer): number | undefined {
  const format = Number(ANY_FORMAT.exec(bytes.toString("latin1", 0, HEADER_BYTES + 8))?.[1]);
  return Number.isNaN(format) || format === FORMAT ? undefined : format;
}

/** What is in front of a body: a body is written in one piece, and counts in one piece or not at all. */
export function encodeBlockHead(mark: Uint8Array, position: number, safe: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(BLOCK_HEAD_BYTES);
  head.set(mark);
  head.writeUInt32LE(body.length, MARK_BYTES);
  head.writeBigUInt64LE(BigInt(safe), MARK_BYTES + 8);
  head.writeUInt32LE(checksum(position, safe, body), MARK_BYTES + 4);
  return head;
}

/** Nothing when no block begins here. */
export function decodeBlockHead(mark: Uint8Array, head: Buffer): BlockHead | undefined {
  if (head.length < BLOCK_HEAD_BYTES || !head.subarray(0, MARK_BYTES).equals(mark)) return undefined;
  const length = head.readUInt32LE(MARK_BYTES);
  if (length > MAX_BLOCK_BYTES) return undefined;
  const safe = Number(head.readBigUInt64LE(MARK_BYTES + 8));
  return { length, checksum: head.readUInt32LE(MARK_BYTES + 4), safe };
}

/** CRC-32 (IEEE 802.3) over place, safe part and body: a block that was moved is no block. */
export function checksum(position: number, safe: number, body: Uint8Array): number {
  const place = Buffer.alloc(16);
  place.writeBigUInt64LE(BigInt(position));
  place.writeBigUInt64LE(BigInt(safe), 8);
  return crc32(body, crc32(place));
}
