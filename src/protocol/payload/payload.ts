import { Packr } from "msgpackr";
import { PipelineError } from "../../errors.ts";
import { UNCOUNTED_BYTES } from "../bounds.ts";
import { MAX_PAYLOAD_BYTES, OWN_FRAME_BYTES } from "../limits.ts";
import { describeThrown, propertyOf } from "../thrown.ts";
import { BoundError, ProtocolError } from "../wire/byte-reader.ts";
import { EMPTY } from "../wire/payload-frames.ts";
import { decodeExactly } from "./exact-decoder.ts";
import { encodeExactly } from "./exact-encoder.ts";
import { assertPayload, isPlain, PayloadSizeError, PayloadTypeError } from "./payload-check.ts";
import { scanPayload } from "./payload-scan.ts";

/** The type of items, results, metadata and ACK data when no other one is given: a plain object. */
export type Payload = Record<string, unknown>;

// Plain MessagePack without records, whose decoder compiles code. `moreTypes` adds typed arrays. With `copyBuffers`, a small binary
// value that a user keeps does not keep the memory of its whole batch. Integers of 64 bits are numbers where a number can express them: a
// worker in another language has no other integers.
const OPTIONS = {
  useRecords: false,
  moreTypes: true,
  int64AsType: "auto" as "number", // msgpackr's types do not list "auto"
} as const;
const packr = new Packr({ ...OPTIONS, copyBuffers: true });

/** Decodes a large payload that has its bytes to itself: binary values are views of these bytes. */
const sharingPackr = new Packr({ ...OPTIONS, copyBuffers: false });

/**
 * Encodes any value that a payload may hold; an empty object takes no bytes.
 *
 * @param value - Nothing (`undefined`) counts as `{}`.
 * @param path - The value's name in error messages.
 * @returns Bytes that the caller may keep.
 * @throws TypeError when the value, or a part of it, cannot be sent; the message has the path of that part.
 * @throws PipelineError `PAYLOAD_TOO_LARGE`.
 */
export function encodeValue(value: unknown, path: string): Uint8Array {
  if (value === undefined) return EMPTY;
  const bytes = encode(value, path);
  if (bytes.length > MAX_PAYLOAD_BYTES) throw tooLarge(path, `${bytes.length} bytes`);
  if (bytes.length > UNCOUNTED_BYTES) assertFewValues(bytes, path);
  return bytes;
}

/**
 * Encodes a plain object; an empty one takes no bytes.
 *
 * @param value - A plain object; undefined and null count as `{}`.
 * @param path - The value's name in error messages.
 * @returns Bytes that the caller may keep.
 * @throws TypeError when the value is not a plain object, or a part of it cannot be sent; the message has the path of that part.
 * @throws PipelineError `PAYLOAD_TOO_LARGE`.
 */
export function encodePayload(value: object | undefined | null, path: string): Uint8Array {
  if (value === undefined || value === null) return EMPTY;
  if (!isPayload(value)) {
    throw new PayloadTypeError(`Expected a plain object or nothing as ${path}, got ${nameOf(value)}`);
  }
  return encodeValue(value, path);
}

/** Whether a value is a plain object. A Proxy that throws is not. */
function isPayload(value: unknown): value is object {
  try {
    if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype)
      return true;
    return typeof value === "object" && value !== null && !Array.isArray(value) && isPlain(value);
  } catch {
    return false;
  }
}

function encode(value: unknown, path: string): Uint8Array {
  try {
    const isSpecial = assertPayload(value, path);
    if (!isSpecial && isEmptyObject(value)) return EMPTY;
    return isSpecial ? encodeExactly(value, (leaf) => packr.pack(leaf)) : packr.pack(value);
  } catch (error) {
    if (error instanceof PayloadSizeError) throw tooLarge(path, error.message);
    if (error instanceof PayloadTypeError) throw error;
    // The check passed, but a getter or a Proxy gave the encoder something else.
    throw new PayloadTypeError(`Value at ${path} cannot be encoded: ${describeThrown(error)}`, {
      cause: error,
    });
  }
}

const ADVICE =
  "Send many numbers as a typed array, a long text as a Buffer, and a large list of objects as several items, or as JSON in a Buffer";

/** Counts the values as the receiver will. */
function assertFewValues(bytes: Uint8Array, path: string): void {
  try {
    scanPayload(bytes);
  } catch (error) {
    if (!(error instanceof BoundError)) throw error;
    const text = `Payload ${path} has too many parts: its receiver would take too long to decode it`;
    throw new PipelineError("PAYLOAD_TOO_LARGE", `${text}. ${ADVICE}`);
  }
}

function isEmptyObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length === 0;
}

function tooLarge(path: string, size: string): PipelineError {
  const text = `Payload ${path} has ${size}; at most ${MAX_PAYLOAD_BYTES} bytes fit in a message`;
  return new PipelineError("PAYLOAD_TOO_LARGE", `${text}. Send the path of a file instead, or several items`);
}

/**
 * Decodes bytes from a peer that is not trusted.
 *
 * @throws ProtocolError when {@link encodeValue} cannot have written them. The message never quotes them.
 */
export function decodeValue(bytes: Uint8Array): unknown {
  return decode(bytes, packr);
}

/** Decodes bytes that nothing else uses: large binary values in the payload are views of them, not copies. */
export function decodeOwnValue(bytes: Uint8Array): unknown {
  const large = bytes.length >= OWN_FRAME_BYTES && bytes.length === bytes.buffer.byteLength;
  return decode(bytes, large ? sharingPackr : packr);
}

/**
 * Decodes an object from a peer that is not trusted.
 *
 * @throws ProtocolError when {@link encodePayload} cannot have written the bytes. The message never quotes them.
 */
export function decodePayload(bytes: Uint8Array): Payload {
  const value = decode(bytes, packr);
  if (typeof value !== "object" || value === null || !isPlain(value))
    throw new ProtocolError("Payload is not an object");
  return value as Payload;
}

function decode(bytes: Uint8Array, decoder: Packr): unknown {
  if (bytes.length === 0) return {};
  const isExact = scanPayload(bytes);
  // msgpackr gives binary values the class of its input. Bytes that came from another thread are no Buffer.
  const source = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return isExact ? decodeExactly(source, (leaf) => decoder.unpack(leaf)) : decoder.unpack(source);
  } catch {
    // msgpackr's error is not the cause: its message may quote the payload.
    throw new ProtocolError("Payload cannot be decoded");
  }
}

/** Names a value's kind for an error message, without quoting it. */
function nameOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "undefined") return "undefined";
  if (typeof value !== "object") return `a ${typeof value}`;
  const name = propertyOf(propertyOf(value, "constructor"), "name");
  if (isList(value)) return "an array";
  return `a ${typeof name === "string" && name !== "" ? name : "object"}`;
}

function isList(value: object): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false; // a revoked Proxy
  }
}
