import type { ErrorInfo, ItemPayload, ItemRef } from "../batch-message.ts";
import { MAX_ITEMS, MAX_REFS } from "../bounds.ts";
import { MAX_ERROR_DETAIL_BYTES, MAX_ERROR_TEXT, MAX_PAYLOAD_BYTES } from "../limits.ts";
import { scanPayload } from "../payload/payload-scan.ts";
import { BoundError, type ByteReader, ProtocolError } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { EMPTY, unpackPayloads } from "./payload-frames.ts";

// A UTF-16 unit takes at most three bytes in UTF-8.
const MAX_ERROR_BYTES = MAX_ERROR_TEXT * 3;

export function writeRefs(writer: ByteWriter, items: readonly ItemRef[]): void {
  writer.integer(items.length);
  let previous = 0;
  for (const { seq, attempt } of items) {
    writer.difference(seq, previous);
    writer.integer(attempt);
    previous = seq;
  }
}

export function readRefs(reader: ByteReader, most = MAX_REFS): ItemRef[] {
  let seq = 0;
  return list(reader, most, () => {
    seq = reader.difference(seq);
    return { seq, attempt: reader.attempt() };
  });
}

export function writeItems(writer: ByteWriter, items: readonly ItemPayload[]): Uint8Array[] {
  writer.integer(items.length);
  let previous = 0;
  for (const { seq, attempt, payload } of items) {
    writer.difference(seq, previous);
    writer.integer(attempt);
    writer.integer(payload.length);
    previous = seq;
  }
  return items.map((item) => item.payload);
}

export function readItems(reader: ByteReader, bodies: readonly Uint8Array[]): ItemPayload[] {
  const seqs: number[] = [];
  const attempts: number[] = [];
  const sizes: number[] = [];
  let seq = 0;
  for (let left = reader.count(MAX_ITEMS); left > 0; left--) {
    seq = reader.difference(seq);
    seqs.push(seq);
    attempts.push(reader.attempt());
    sizes.push(reader.integer());
  }
  return readPayloads(reader, bodies, sizes).map((payload, index) => ({
    seq: seqs[index] as number,
    attempt: attempts[index] as number,
    payload,
  }));
}

/** Reads the payloads of a message from the rest of the envelope and the other frames. */
export function readPayloads(
  reader: ByteReader,
  bodies: readonly Uint8Array[],
  sizes: readonly number[],
): Uint8Array[] {
  for (const size of sizes)
    if (size > MAX_PAYLOAD_BYTES) throw new BoundError(`A payload has more than ${MAX_PAYLOAD_BYTES} bytes`);
  const first = reader.rest();
  return unpackPayloads(first.length > 0 ? [first, ...bodies] : bodies, sizes);
}

export function writeSizes(writer: ByteWriter, payloads: readonly Uint8Array[]): readonly Uint8Array[] {
  for (const payload of payloads) writer.integer(payload.length);
  return payloads;
}

export function writeError(writer: ByteWriter, error: ErrorInfo): void {
  writer.text(error.name);
  writer.text(error.message);
  writer.text(error.stack);
  writer.text(error.code);
  writer.bytes(error.detail ?? EMPTY);
}

export function readError(reader: ByteReader): ErrorInfo {
  const text = () => reader.text(MAX_ERROR_BYTES);
  const error = { name: text(), message: text(), stack: text(), code: text() };
  const detail = reader.bytes(MAX_ERROR_DETAIL_BYTES);
  if (detail.length === 0) return error;
  // Details are forwarded and kept without decoding them, so a bad one is refused here. The copy does not keep the message in memory.
  scanPayload(detail);
  return { ...error, detail: new Uint8Array(detail) };
}

/** @param most - The most entries that the list may have. */
export function list<T>(reader: ByteReader, most: number, read: () => T): T[] {
  const values: T[] = [];
  for (let left = reader.count(most); left > 0; left--) values.push(read());
  return values;
}

export function choice<T>(reader: ByteReader, values: readonly T[]): T {
  const value = values[reader.byte()];
  if (value === undefined) throw new ProtocolError("Value is not one of those known");
  return value;
}

export function flag(reader: ByteReader): boolean {
  return choice(reader, [false, true]);
}

/** Writes a duration in whole µs, rounded up, so that only 0 ms is written as 0. */
export function writeDuration(writer: ByteWriter, ms: number): void {
  // Rounded to ns first: as a floating-point number, 4.035 * 1000 is a little more than 4035.
  const micros = Math.ceil(Math.round(ms * 1e6) / 1e3);
  // A sum of what peers claim may be too large. It must not end the role that passes it on.
  writer.integer(Math.min(micros, Number.MAX_SAFE_INTEGER));
}

/** Reads a duration. @returns Milliseconds. */
export function readDuration(reader: ByteReader): number {
  return reader.integer() / 1000;
}
