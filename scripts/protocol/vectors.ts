import { MAGIC, PROTOCOL_VERSION } from "../../src/protocol/limits.ts";
import type { Message } from "../../src/protocol/message.ts";
import { encodeValue } from "../../src/protocol/payload/payload.ts";
import { encodeMessage, MESSAGE_TYPES } from "../../src/protocol/wire/codec.ts";
import { SAMPLE_MESSAGES } from "./sample-messages.ts";
import { FOREIGN_PAYLOADS, REFUSED_PAYLOADS, SAMPLE_PAYLOADS } from "./sample-payloads.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** Frames that every receiver refuses. */
const REFUSED: readonly { readonly why: string; readonly frames: readonly string[] }[] = [
  { why: "another magic", frames: ["5a515106010000000000"] },
  { why: "another version", frames: [`5a5150${byte(PROTOCOL_VERSION + 1)}0f00`] },
  { why: "an unknown type", frames: [`5a5150${byte(PROTOCOL_VERSION)}7f00`] },
  { why: "a text that is longer than its frame", frames: [`5a5150${byte(PROTOCOL_VERSION)}0f0561`] },
  { why: "bytes behind the fields", frames: [`5a5150${byte(PROTOCOL_VERSION)}0f0000`] },
  { why: "a frame that belongs to no field", frames: [`5a5150${byte(PROTOCOL_VERSION)}0f00`, "00"] },
  { why: "a payload that is longer than its frames", frames: [`5a5150${byte(PROTOCOL_VERSION)}0d0005c0`] },
  { why: "a list that is longer than its frame", frames: [`5a5150${byte(PROTOCOL_VERSION)}0700ffff03`] },
  { why: "a flag of 2", frames: [`5a5150${byte(PROTOCOL_VERSION)}08000200`] },
  { why: "a sequence number below 0", frames: [`5a5150${byte(PROTOCOL_VERSION)}0700010101`] },
  {
    why: "a sequence number beyond 2^52 - 1",
    frames: [`5a5150${byte(PROTOCOL_VERSION)}070001808080808080801001`],
  },
  { why: "an attempt beyond 2^32 - 1", frames: [`5a5150${byte(PROTOCOL_VERSION)}070001008080808010`] },
  { why: "an integer beyond 2^53 - 1", frames: [`5a5150${byte(PROTOCOL_VERSION)}06008080808080808010`] },
  { why: "a role that is not known", frames: [`5a5150${byte(PROTOCOL_VERSION)}0100090161016200`] },
  { why: "a name of 256 bytes", frames: [`5a5150${byte(PROTOCOL_VERSION)}0f8002${"61".repeat(256)}`] },
  {
    why: "an error's detail that is no payload",
    frames: [`5a5150${byte(PROTOCOL_VERSION)}09000001010000000001c1`],
  },
];

/** The content of `docs/protocol-vectors.json`. */
export function vectors(): string {
  const content = {
    about:
      "Messages of zmqpipeline's protocol with their bytes, for the tests of other implementations; docs/protocol.md explains them. " +
      "Payloads and frames are hexadecimal digits, times are in ms.",
    magic: hex(MAGIC),
    version: PROTOCOL_VERSION,
    types: MESSAGE_TYPES,
    messages: SAMPLE_MESSAGES.map(({ name, message, isSplit }) => ({
      name,
      message: fieldsOf(message),
      frames: (isSplit ? split(message) : encodeMessage(message)).map(hex),
    })),
    payloads: SAMPLE_PAYLOADS.map(({ value, payload }) => ({
      value,
      bytes: hex(encodeValue(payload, "sample")),
    })),
    foreignPayloads: FOREIGN_PAYLOADS.map(({ bytes, value }) => ({
      bytes,
      value: shown(value),
    })),
    refused: REFUSED,
    refusedPayloads: REFUSED_PAYLOADS,
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** The frames of a message, with each of its payloads cut into two: its first byte, and the others. */
function split(message: Message): Uint8Array[] {
  const payloads =
    "items" in message ? message.items.flatMap((item) => ("payload" in item ? [item.payload] : [])) : [];
  const [envelope = new Uint8Array()] = encodeMessage(message);
  const bytes = payloads.reduce((sum, { length }) => sum + length, 0);
  const pieces = payloads.flatMap((payload) => [payload.subarray(0, 1), payload.subarray(1)]);
  return [envelope.subarray(0, envelope.length - bytes), ...pieces.filter(({ length }) => length > 0)];
}

/** A value as JSON can have it. */
function shown(value: unknown): unknown {
  if (typeof value === "bigint") return { bigint: String(value) };
  return value instanceof Date ? { date: value.toISOString() } : value;
}

/** A message as JSON can have it. */
function fieldsOf(message: Message): unknown {
  return JSON.parse(
    JSON.stringify(message, (_key, value: unknown) => {
      if (value instanceof Uint8Array) return hex(value);
      // A Buffer is converted by its own toJSON before the replacer sees it.
      if (isBufferJson(value)) return hex(Uint8Array.from(value.data));
      return value;
    }),
  );
}

function isBufferJson(value: unknown): value is { readonly data: readonly number[] } {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    value.type === "Buffer" &&
    "data" in value
  );
}

function byte(value: number): string {
  return value.toString(16).padStart(2, "0");
}
