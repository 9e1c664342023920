import { types } from "node:util";
import { ByteWriter } from "../wire/byte-writer.ts";
import { ARRAY_BUFFER_CODE, codeOf, kindOf } from "./own-kind.ts";
import { isWellFormed, looksLikeNumber } from "./payload-check.ts";
import { EXT_BIGINT, EXT_HOLE, EXT_OBJECT, EXT_TEXT, EXT_TYPED_ARRAY } from "./payload-scan.ts";

/** Encodes a value without parts that plain MessagePack can express. */
type EncodeLeaf = (value: unknown) => Uint8Array;

const MINUS_ZERO = Uint8Array.of(0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0);
const HOLE = Uint8Array.of(0xd4, EXT_HOLE, 0);

/** A flag of an object that is encoded in pairs. */
export const WITHOUT_PROTOTYPE = 1;

/**
 * Encodes a checked value that has parts which the fast encoder would change, such as -0 or a hole in a list. Writes plain MessagePack,
 * with extensions for these parts. Slower than the fast encoder.
 */
export function encodeExactly(value: unknown, leaf: EncodeLeaf): Uint8Array {
  const writer = new ByteWriter(1024);
  write(writer, value, leaf);
  return writer.finish();
}

function write(writer: ByteWriter, value: unknown, leaf: EncodeLeaf): void {
  if (typeof value === "string") return writeText(writer, value, leaf);
  if (Object.is(value, -0)) return writer.raw(MINUS_ZERO);
  if (typeof value === "bigint" && looksLikeNumber(value)) return writeBigInt(writer, value);
  if (typeof value !== "object" || value === null) return writer.raw(leaf(value));
  const kind = kindOf(value);
  if (Array.isArray(value)) writeList(writer, value, leaf);
  else if (kind === "object" || kind === "bare") writeObject(writer, value, kind === "bare", leaf);
  else if (types.isDate(value)) writer.raw(leaf(new Date(Number(Date.prototype.getTime.call(value)))));
  else writeBinary(writer, value as ArrayBufferView | ArrayBuffer);
}

function writeText(writer: ByteWriter, text: string, leaf: EncodeLeaf): void {
  if (isWellFormed(text)) return writer.raw(leaf(text));
  const units = Buffer.from(text, "utf16le");
  writeExtension(writer, EXT_TEXT, units.length);
  writer.raw(units);
}

/** Writes a bigint as the extension that is always read as one, in 64 bits. */
function writeBigInt(writer: ByteWriter, value: bigint): void {
  const bytes = Buffer.of(0xd7, EXT_BIGINT, 0, 0, 0, 0, 0, 0, 0, 0); // an extension of eight bytes
  bytes.writeBigInt64BE(value, 2);
  writer.raw(bytes);
}

function writeList(writer: ByteWriter, list: readonly unknown[], leaf: EncodeLeaf): void {
  writeHead(writer, list.length, 0x90, 0xdc);
  for (let index = 0; index < list.length; index++) {
    if (index in list) write(writer, list[index], leaf);
    else writer.raw(HOLE);
  }
}

function writeObject(writer: ByteWriter, value: object, isBare: boolean, leaf: EncodeLeaf): void {
  const entries = Object.entries(value);
  if (!isBare && entries.every(([key]) => isWellFormed(key))) {
    writeHead(writer, entries.length, 0x80, 0xde);
    for (const [key, member] of entries) {
      writer.raw(leaf(key));
      write(writer, member, leaf);
    }
    return;
  }
  const pairs = new ByteWriter(1024);
  pairs.byte(isBare ? WITHOUT_PROTOTYPE : 0);
  writeHead(pairs, 2 * entries.length, 0x90, 0xdc);
  for (const [key, member] of entries) {
    writeText(pairs, key, leaf);
    write(pairs, member, leaf);
  }
  writeExtension(writer, EXT_OBJECT, pairs.length);
  writer.raw(pairs.finish());
}

/** Encodes binary data without msgpackr, which would take data of another realm (a test runner's) for a plain object. */
function writeBinary(writer: ByteWriter, value: ArrayBufferView | ArrayBuffer): void {
  const bytes = ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
  if (Buffer.isBuffer(value)) {
    writer.byte(0xc6);
    writeBigEndian(writer, bytes.length, 4);
  } else {
    writeExtension(writer, EXT_TYPED_ARRAY, bytes.length + 1);
    writer.byte(codeOf(value) ?? ARRAY_BUFFER_CODE);
  }
  writer.raw(bytes);
}

/** @param short - The code for up to 15 entries. @param long - The code for up to 65,535 entries; the next code is for more. */
function writeHead(writer: ByteWriter, count: number, short: number, long: number): void {
  if (count < 16) return writer.byte(short | count);
  const isLong = count > 0xffff;
  writer.byte(isLong ? long + 1 : long);
  writeBigEndian(writer, count, isLong ? 4 : 2);
}

function writeExtension(writer: ByteWriter, type: number, length: number): void {
  writer.byte(0xc9);
  writeBigEndian(writer, length, 4);
  writer.byte(type);
}

function writeBigEndian(writer: ByteWriter, value: number, bytes: 2 | 4): void {
  for (let shift = (bytes - 1) * 8; shift >= 0; shift -= 8) writer.byte((value >>> shift) & 0xff);
}
