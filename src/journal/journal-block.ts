import { crc32 } from "node:zlib";

/** The journal's format. A file begins with its name, its format and a mark. */
export const FORMAT = 3;
const NAME = Buffer.from(`zmqpipeline journal ${FORMAT}\n`, "latin1");

/** Matches the beginning of a journal of any format. */
const ANY_FORMAT = /^zmqpipeline journal (\d{1,9})\n/;

const MARK_BYTES = 4;
export const HEADER_BYTES = NAME.length + MARK_BYTES;

/** Size of a block's head: mark, length, checksum and `safe`. */
export const BLOCK_HEAD_BYTES = MARK_BYTES + 4 + 4 + 8;

/** Longest block that is read: room for a record with the largest payload and the records before it. */
const MAX_BLOCK_BYTES = 128 * 1024 * 1024;

export interface BlockHead {
  /** Length of the body, in bytes. */
  readonly length: number;
  readonly checksum: number;
  /**
   * Length of the part of the file that a crash could not destroy any more when the block was written. An incomplete block within that
   * part is damage; after it, it is the torn end of a crash.
   */
  readonly safe: number;
}

/** @param mark - Four random bytes of this file alone, so that a journal inside a payload is not mistaken for blocks. */
export function encodeHeader(mark: Uint8Array): Buffer {
  return Buffer.concat([NAME, mark]);
}

/** Reads the mark from a header; nothing when the bytes are not a header. */
export function decodeHeader(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < HEADER_BYTES || !NAME.equals(bytes.subarray(0, NAME.length))) return undefined;
  return bytes.slice(NAME.length, HEADER_BYTES);
}

/** The mark in a header, as text; empty when the bytes are not a header. */
export function markIn(header: Buffer): string {
  return Buffer.from(decodeHeader(header) ?? []).toString("hex");
}

/** The format of a journal of another format; nothing for this format, and for bytes that are not a journal. */
export function otherFormat(bytes: Buffer): number | undefined {
  const format = Number(ANY_FORMAT.exec(bytes.toString("latin1", 0, HEADER_BYTES + 8))?.[1]);
  return Number.isNaN(format) || format === FORMAT ? undefined : format;
}

/** Whether a journal may begin with these bytes, complete or not. */
export function isBeginning(bytes: Buffer): boolean {
  return ANY_FORMAT.test(bytes.toString("latin1")) || NAME.subarray(0, bytes.length).equals(bytes);
}

/** Encodes the head of a block. Its checksum makes the whole block valid or not. */
export function encodeBlockHead(mark: Uint8Array, position: number, safe: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(BLOCK_HEAD_BYTES);
  head.set(mark);
  head.writeUInt32LE(body.length, MARK_BYTES);
  head.writeBigUInt64LE(BigInt(safe), MARK_BYTES + 8);
  head.writeUInt32LE(checksum(position, safe, body), MARK_BYTES + 4);
  return head;
}

/** Reads a block's head; nothing when the bytes are not one. */
export function decodeBlockHead(mark: Uint8Array, head: Buffer): BlockHead | undefined {
  if (head.length < BLOCK_HEAD_BYTES || !head.subarray(0, MARK_BYTES).equals(mark)) return undefined;
  const length = head.readUInt32LE(MARK_BYTES);
  if (length > MAX_BLOCK_BYTES) return undefined;
  const safe = Number(head.readBigUInt64LE(MARK_BYTES + 8));
  return { length, checksum: head.readUInt32LE(MARK_BYTES + 4), safe };
}

/** CRC-32 (IEEE 802.3) over position, `safe` and body, so that a block in another place is not valid. */
export function checksum(position: number, safe: number, body: Uint8Array): number {
  const place = Buffer.alloc(16);
  place.writeBigUInt64LE(BigInt(position));
  place.writeBigUInt64LE(BigInt(safe), 8);
  return crc32(body, crc32(place));
}
