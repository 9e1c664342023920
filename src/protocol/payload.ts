import { Packr } from "msgpackr";
import { PipelineError } from "../errors.ts";
import { ProtocolError } from "./byte-reader.ts";
import { MAX_PAYLOAD_BYTES, OWN_FRAME_BYTES } from "./limits.ts";
import { assertPayload, isPlain, PayloadTypeError } from "./payload-check.ts";
import { EMPTY } from "./payload-frames.ts";
import { scanPayload } from "./payload-scan.ts";

/** What items, results, metadata and ACK data are where nothing more is known: a plain object. */
export type Payload = Record<string, unknown>;

// Plain MessagePack: no records (their decoder compiles code). moreTypes for typed arrays; copyBuffers so that a small
// binary value that a user keeps does not keep the whole batch it came in.
const packr = new Packr({ useRecords: false, moreTypes: true, copyBuffers: true });

/** For bytes that hold one large payload only: its binary values stay where they are. */
const sharingPackr = new Packr({ useRecords: false, moreTypes: true, copyBuffers: false });

/**
 * Encodes a plain object; the empty one takes no bytes at all.
 *
 * @param value - A plain object, or nothing, which counts as `{}`.
 * @param path - What error messages call the value.
 * @returns Bytes that are the caller's to keep.
 * @throws TypeError when the value is not a plain object, or holds what cannot be sent; the message has its path.
 * @throws PipelineError `PAYLOAD_TOO_LARGE`.
 */
export function encodePayload(value: object | undefined | null, path: string): Uint8Array {
  if (value === undefined || value === null) return EMPTY;
  if (typeof value !== "object" || Array.isArray(value) || !isPlain(value)) {
    throw new PayloadTypeError(`Expected a plain object or nothing as ${path}, got ${kindOf(value)}`);
  }
  if (Object.keys(value).length === 0) return EMPTY;
  assertPayload(value, path);
  const bytes = packr.pack(value);
  if (bytes.length > MAX_PAYLOAD_BYTES) {
    throw new PipelineError(
      "PAYLOAD_TOO_LARGE",
      `Payload ${path} has ${bytes.length} bytes; at most ${MAX_PAYLOAD_BYTES} fit in a message`,
    );
  }
  return bytes;
}

/**
 * Decodes bytes from a peer that is not trusted.
 *
 * @throws ProtocolError when they are not what {@link encodePayload} writes. The message never quotes them.
 */
export function decodePayload(bytes: Uint8Array): Payload {
  return decode(bytes, packr);
}

/** The same for bytes that nobody else uses: large binary values in the payload are views of them, not copies. */
export function decodeOwnPayload(bytes: Uint8Array): Payload {
  const large = bytes.length >= OWN_FRAME_BYTES && bytes.length === bytes.buffer.byteLength;
  return decode(bytes, large ? sharingPackr : packr);
}

function decode(bytes: Uint8Array, decoder: Packr): Payload {
  if (bytes.length === 0) return {};
  scanPayload(bytes);
  let value: unknown;
  try {
    value = decoder.unpack(bytes);
  } catch {
    // msgpackr's own message may quote the payload.
    throw new ProtocolError("Payload cannot be decoded");
  }
  if (typeof value !== "object" || value === null || !isPlain(value))
    throw new ProtocolError("Payload is not an object");
  return value as Payload;
}

/** Names a value's kind for an error message, without quoting it. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return `a ${value.constructor?.name ?? "object"}`;
  return typeof value === "undefined" ? "undefined" : `a ${typeof value}`;
}
