import type { RoleName, RunStatus } from "../batch-message.ts";
import { MAX_CONTEXT_BYTES, MAX_NAME_BYTES } from "../limits.ts";
import type { Message } from "../message.ts";
import { type ByteReader, ProtocolError } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
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
import { EMPTY } from "./payload-frames.ts";
import { readServiceFields, writeServiceFields } from "./service-codec.ts";

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

/** Writes what follows the header, and returns the payloads. */
export function writeFields(writer: ByteWriter, message: Message): readonly Uint8Array[] {
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
    case "blocked":
      writer.text(message.workerId);
      writer.byte(message.expired ? 1 : 0);
      writeRefs(writer, message.running);
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

/** Reads what {@link writeFields} wrote, and finds the payloads in what follows. Throws ProtocolError. */
export function readFields(
  reader: ByteReader,
  type: Message["type"],
  runId: string,
  bodies: Uint8Array[],
): Message {
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
    case "blocked":
      return done({ type, runId, workerId: name(), expired: flag(reader), running: readRefs(reader) });
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
