import { MAGIC, MAX_FRAMES, MAX_MESSAGE_BYTES, PROTOCOL_VERSION } from "../limits.ts";
import type { Message } from "../message.ts";
import { BATCH_LAYOUTS } from "./batch-layouts.ts";
import { BoundError, ByteReader, ProtocolError } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { CONNECTION_LAYOUTS } from "./connection-layouts.ts";
import type { Layout } from "./layout.ts";
import { packFrames } from "./payload-frames.ts";
import { SERVICE_LAYOUTS } from "./service-layouts.ts";

/** Thrown for a message of another protocol version. The receiver answers it with a refusal. */
export class VersionError extends ProtocolError {
  readonly version: number;

  constructor(version: number) {
    super(`Peer speaks protocol version ${version}, this is version ${PROTOCOL_VERSION}`);
    this.version = version;
  }
}

/** All types. The number of a type in an envelope is its index. */
export const MESSAGE_TYPES = [
  "refuse", // stays first: peers of every version must be able to read it
  "hello",
  "welcome",
  "open",
  "ready",
  "grant",
  "recall",
  "revoke",
  "returned",
  "fail",
  "result",
  "failed",
  "ack",
  "metadata",
  "end",
  "ping",
  "pong",
  "bye",
  "ended",
  "accepted",
  "resend",
  "request",
  "assign",
  "reply",
  "failure",
  "cancel",
  "inspect",
  "report",
  "blocked",
  "produced",
  "assigned",
  "sync",
  "synced",
] as const satisfies readonly Message["type"][];
const TYPE_CODES = new Map<Message["type"], number>(MESSAGE_TYPES.map((type, code) => [type, code]));

/** The layout of each kind of message. A layout takes only messages of its own kind. */
const LAYOUTS = { ...BATCH_LAYOUTS, ...SERVICE_LAYOUTS, ...CONNECTION_LAYOUTS } as Readonly<
  Record<Message["type"], Layout<Message>>
>;

/**
 * Encodes a message as frames. The first frame is the envelope: magic, version, type, run, fields and payload sizes. Small payloads follow
 * in the same frame, large ones have frames of their own. `docs/protocol.md` describes the layout.
 */
export function encodeMessage(message: Message): Uint8Array[] {
  const writer = new ByteWriter();
  writer.raw(MAGIC);
  writer.byte(PROTOCOL_VERSION);
  writer.byte(TYPE_CODES.get(message.type) as number);
  writer.text(message.runId);
  const payloads = LAYOUTS[message.type].write(writer, message);
  return packFrames(writer, payloads);
}

/**
 * Decodes frames from a peer that is not trusted.
 *
 * @throws ProtocolError when the frames are not exactly one well-formed message; `VersionError` for another version.
 */
export function decodeMessage(frames: readonly Uint8Array[]): Message {
  const envelope = frames[0];
  if (envelope === undefined) throw new ProtocolError("Message has no frames");
  if (frames.length > MAX_FRAMES) throw new BoundError(`A message has more than ${MAX_FRAMES} frames`);
  let total = 0;
  for (const frame of frames) total += frame.length;
  if (total > MAX_MESSAGE_BYTES) throw new BoundError(`A message has more than ${MAX_MESSAGE_BYTES} bytes`);
  if (!hasMagic(envelope)) throw new ProtocolError("Not a zmqpipeline message");
  const version = envelope[MAGIC.length];
  if (version === undefined) throw new ProtocolError("Envelope is cut off");
  const type = MESSAGE_TYPES[envelope[MAGIC.length + 1] ?? MESSAGE_TYPES.length];
  if (version !== PROTOCOL_VERSION && type !== "refuse") throw new VersionError(version);
  if (type === undefined) throw new ProtocolError("Message type is unknown");
  const reader = new ByteReader(envelope, MAGIC.length + 2);
  return LAYOUTS[type].read(reader, reader.name(), frames.slice(1));
}

function hasMagic(envelope: Uint8Array): boolean {
  for (let index = 0; index < MAGIC.length; index++) if (envelope[index] !== MAGIC[index]) return false;
  return true;
}
