import { ByteReader, ProtocolError } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import {
  choice,
  flag,
  list,
  readError,
  readItems,
  readPayloads,
  readRefs,
  writeError,
  writeItems,
  writeRefs,
  writeSizes,
} from "./codec-fields.ts";
import {
  MAGIC,
  MAX_CONTEXT_BYTES,
  MAX_FRAMES,
  MAX_MESSAGE_BYTES,
  MAX_NAME_BYTES,
  PROTOCOL_VERSION,
} from "./limits.ts";
import type { Message, RoleName, RunStatus } from "./message.ts";
import { EMPTY, packFrames } from "./payload-frames.ts";
import { readServiceFields, SERVICE_TYPES, writeServiceFields } from "./service-codec.ts";

/** A peer speaks another version of the protocol. It is told so, instead of being ignored. */
export class VersionError extends ProtocolError {
  readonly version: number;

  constructor(version: number) {
    super(`Peer speaks protocol version ${version}, this is version ${PROTOCOL_VERSION}`);
    this.version = version;
  }
}

const TYPES = [
  "refuse", // first for ever: a peer of any other version must be able to read it
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
  ...SERVICE_TYPES,
  "inspect",
  "report",
] as const satisfies readonly Message["type"][];
const TYPE_CODES = new Map<Message["type"], number>(TYPES.map((type, code) => [type, code]));
const ROLES: readonly RoleName[] = [
  "distributor",
  "worker",
  "collector",
  "metadataworker",
  "service",
  "serviceworker",
  "serviceclient",
];
const STATUSES: readonly RunStatus[] = ["complete", "stopped", "aborted"];
const MAX_REASON_BYTES = 4096;

/**
 * Encodes a message as frames: an envelope (magic, version, type, run, fields, payload sizes), with small payloads behind it, and large ones.
 * The layout is described in `docs/protocol.md`.
 */
export function encodeMessage(message: Message): Uint8Array[] {
  const writer = new ByteWriter();
  writer.raw(MAGIC);
  writer.byte(PROTOCOL_VERSION);
  writer.byte(TYPE_CODES.get(message.type) as number);
  writer.text(message.runId);
  const payloads = writeFields(writer, message);
  return packFrames(writer, payloads);
}

/**
 * Decodes frames from a peer that is not trusted.
 *
 * @throws ProtocolError when they are not exactly one well-formed message; `VersionError` for another version.
 */
export function decodeMessage(frames: readonly Uint8Array[]): Message {
  const envelope = frames[0];
  if (envelope === undefined) throw new ProtocolError("Message has no frames");
  if (frames.length > MAX_FRAMES) throw new ProtocolError("Message has too many frames");
  let total = 0;
  for (const frame of frames) total += frame.length;
  if (total > MAX_MESSAGE_BYTES) throw new ProtocolError("Message is too large");
  if (!hasMagic(envelope)) throw new ProtocolError("Not a zmqpipeline message");
  const version = envelope[MAGIC.length];
  if (version === undefined) throw new ProtocolError("Envelope is cut off");
  const type = TYPES[envelope[MAGIC.length + 1] ?? TYPES.length];
  if (version !== PROTOCOL_VERSION && type !== "refuse") throw new VersionError(version);
  if (type === undefined) throw new ProtocolError("Message type is unknown");
  const reader = new ByteReader(envelope, MAGIC.length + 2);
  const message = readFields(reader, type, reader.text(MAX_NAME_BYTES), frames.slice(1));
  return message;
}

function hasMagic(envelope: Uint8Array): boolean {
  for (let index = 0; index < MAGIC.length; index++) if (envelope[index] !== MAGIC[index]) return false;
  return true;
}

function writeFields(writer: ByteWriter, message: Message): readonly Uint8Array[] {
  switch (message.type) {
    case "refuse":
      writer.text(message.reason);
      return [];
    case "hello":
      writer.byte(ROLES.indexOf(message.role));
      writer.text(message.peerId);
      writer.text(message.taskType);
      writeRefs(writer, message.held);
      return [];
    case "welcome":
      writer.byte(ROLES.indexOf(message.role));
      writer.text(message.peerId);
      writer.integer(message.timeout);
      writer.text(message.context);
      return writeSizes(writer, [message.metadata]);
    case "open":
      writer.text(message.peerId);
      writer.integer(message.tasks.length);
      for (const task of message.tasks) writer.text(task);
      writer.text(message.context);
      return writeSizes(writer, [message.metadata]);
    case "ready":
      writer.integer(message.concurrency);
      return [];
    case "grant":
      writer.byte(message.solo ? 1 : 0);
      writer.sequence(message.settled);
      writeRefs(writer, message.failuresSeen);
      return writeItems(writer, message.items);
    case "recall":
      writer.integer(message.count);
      return [];
    case "revoke":
      writeRefs(writer, message.items);
      return [];
    case "returned":
      writer.byte(message.leaving ? 1 : 0);
      writeRefs(writer, message.items);
      return [];
    case "fail":
      writer.integer(message.seq);
      writer.integer(message.attempt);
      writer.byte(message.retryable ? 1 : 0);
      writeError(writer, message.error);
      return [];
    case "result":
      writer.text(message.taskType);
      writer.text(message.workerId);
      writer.integer(message.busy);
      return writeItems(writer, message.items);
    case "failed":
      writer.text(message.taskType);
      writer.integer(message.seq);
      writer.integer(message.attempts);
      writeError(writer, message.error);
      return writeSizes(writer, [message.payload]);
    case "ack":
      writer.text(message.taskType);
      writer.text(message.workerId);
      writer.integer(message.busy);
      writer.integer(message.bytes);
      writer.sequence(message.seqs);
      return writeSizes(writer, [message.ackData]);
    case "metadata":
      return writeSizes(writer, [message.payload]);
    case "inspect":
      writer.text(message.taskType);
      writer.integer(message.seq === undefined ? 0 : message.seq + 1);
      return [];
    case "report":
      return writeSizes(writer, [message.payload]);
    case "end":
      writer.byte(STATUSES.indexOf(message.status));
      writer.text(message.reason);
      return [];
    case "request":
    case "assign":
    case "reply":
    case "failure":
    case "cancel":
      return writeServiceFields(writer, message);
    default:
      return [];
  }
}

function readFields(reader: ByteReader, type: Message["type"], runId: string, bodies: Uint8Array[]): Message {
  const name = () => reader.text(MAX_NAME_BYTES);
  const done = <M extends Message>(message: M): M => {
    reader.end();
    if (bodies.length > 0) throw new ProtocolError("Message has frames that belong to nothing");
    return message;
  };
  const payload = () => {
    const sizes = [reader.integer()];
    return readPayloads(reader, bodies, sizes)[0] ?? EMPTY;
  };
  switch (type) {
    case "refuse":
      return done({ type, runId, reason: reader.text(MAX_REASON_BYTES) });
    case "hello":
      return done({
        type,
        runId,
        role: choice(reader, ROLES),
        peerId: name(),
        taskType: name(),
        held: readRefs(reader),
      });
    case "welcome":
      return {
        type,
        runId,
        role: choice(reader, ROLES),
        peerId: name(),
        timeout: reader.integer(),
        context: reader.text(MAX_CONTEXT_BYTES),
        metadata: payload(),
      };
    case "open":
      return {
        type,
        runId,
        peerId: name(),
        tasks: list(reader, name),
        context: reader.text(MAX_CONTEXT_BYTES),
        metadata: payload(),
      };
    case "ready":
      return done({ type, runId, concurrency: Math.max(1, reader.integer()) });
    case "grant":
      return {
        type,
        runId,
        solo: flag(reader),
        settled: reader.sequence(),
        failuresSeen: readRefs(reader),
        items: readItems(reader, bodies),
      };
    case "recall":
      return done({ type, runId, count: reader.integer() });
    case "revoke":
      return done({ type, runId, items: readRefs(reader) });
    case "returned":
      return done({ type, runId, leaving: flag(reader), items: readRefs(reader) });
    case "fail":
      return done({
        type,
        runId,
        seq: reader.seq(),
        attempt: reader.integer(),
        retryable: flag(reader),
        error: readError(reader),
      });
    case "result":
      return {
        type,
        runId,
        taskType: name(),
        workerId: name(),
        busy: reader.integer(),
        items: readItems(reader, bodies),
      };
    case "failed":
      return {
        type,
        runId,
        taskType: name(),
        seq: reader.seq(),
        attempts: reader.integer(),
        error: readError(reader),
        payload: payload(),
      };
    case "ack":
      return {
        type,
        runId,
        taskType: name(),
        workerId: name(),
        busy: reader.integer(),
        bytes: reader.integer(),
        seqs: reader.sequence(),
        ackData: payload(),
      };
    case "metadata":
      return { type, runId, payload: payload() };
    case "inspect": {
      const taskType = name();
      const place = reader.integer();
      return done({ type, runId, taskType, seq: place === 0 ? undefined : place - 1 });
    }
    case "report":
      return { type, runId, payload: payload() };
    case "end":
      return done({ type, runId, status: choice(reader, STATUSES), reason: reader.text(MAX_REASON_BYTES) });
    case "request":
    case "assign":
    case "reply":
    case "failure":
    case "cancel":
      return readServiceFields(reader, type, runId, bodies);
    default:
      return done({ type, runId });
  }
}
