import type { RoleName, RunStatus, Trust } from "../batch-message.ts";
import { MAX_CONCURRENCY, MAX_REASON_BYTES, MAX_REFS, MAX_TASKS, MAX_TICKET_BYTES } from "../bounds.ts";
import type { ConnectionMessage } from "../connection-message.ts";
import { MAX_CONTEXT_BYTES } from "../limits.ts";
import type { Message } from "../message.ts";
import type { ServiceMessage } from "../service-message.ts";
import type { ByteReader } from "./byte-reader.ts";
import {
  choice,
  flag,
  list,
  readDuration,
  readError,
  readItems,
  readPayloads,
  readRefs,
  writeDuration,
  writeError,
  writeItems,
  writeRefs,
  writeSizes,
} from "./codec-fields.ts";
import { fieldsOnly, type Layouts, signal } from "./layout.ts";
import { EMPTY } from "./payload-frames.ts";

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
const TRUSTS: readonly Trust[] = ["any", "assigned"];

const name = (reader: ByteReader) => reader.name();
const ticket = (reader: ByteReader) => reader.text(MAX_TICKET_BYTES);

/** Reads the only payload of a message, and its size before it. */
function payload(reader: ByteReader, bodies: readonly Uint8Array[]): Uint8Array {
  const sizes = [reader.integer()];
  return readPayloads(reader, bodies, sizes)[0] ?? EMPTY;
}

export const BATCH_LAYOUTS: Layouts<
  Exclude<Message["type"], ServiceMessage["type"] | ConnectionMessage["type"]>
> = {
  refuse: fieldsOnly(
    (writer, { reason }) => writer.text(reason),
    (reader, runId) => ({ type: "refuse", runId, reason: reader.text(MAX_REASON_BYTES) }),
  ),
  hello: fieldsOnly(
    (writer, message) => {
      writer.byte(ROLES.indexOf(message.role));
      writer.text(message.peerId);
      writer.text(message.taskType);
      writer.text(message.ticket);
      writeRefs(writer, message.held);
    },
    (reader, runId) => {
      const role = choice(reader, ROLES);
      const [peerId, taskType] = [name(reader), name(reader)];
      const shown = ticket(reader);
      const held = readRefs(reader, role === "worker" ? MAX_REFS : 0);
      return { type: "hello", runId, role, peerId, taskType, ticket: shown, held };
    },
  ),
  welcome: {
    write(writer, message) {
      writer.byte(ROLES.indexOf(message.role));
      writer.text(message.peerId);
      writer.integer(message.timeoutMs);
      writer.text(message.ticket);
      writer.text(message.context);
      return writeSizes(writer, [message.metadata]);
    },
    read: (reader, runId, bodies) => ({
      type: "welcome",
      runId,
      role: choice(reader, ROLES),
      peerId: name(reader),
      timeoutMs: reader.integer(),
      ticket: ticket(reader),
      context: reader.text(MAX_CONTEXT_BYTES),
      metadata: payload(reader, bodies),
    }),
  },
  open: {
    write(writer, message) {
      writer.text(message.peerId);
      writer.integer(message.tasks.length);
      for (const task of message.tasks) writer.text(task);
      writer.byte(TRUSTS.indexOf(message.trust));
      writer.text(message.context);
      return writeSizes(writer, [message.metadata]);
    },
    read: (reader, runId, bodies) => ({
      type: "open",
      runId,
      peerId: name(reader),
      tasks: list(reader, MAX_TASKS, () => name(reader)),
      trust: choice(reader, TRUSTS),
      context: reader.text(MAX_CONTEXT_BYTES),
      metadata: payload(reader, bodies),
    }),
  },
  produced: fieldsOnly(
    (writer, { taskType, count, all, again }) => {
      writer.text(taskType);
      writer.integer(count);
      writer.byte(all ? 1 : 0);
      writer.sequence(again);
    },
    (reader, runId) => ({
      type: "produced",
      runId,
      taskType: name(reader),
      count: reader.integer(),
      all: flag(reader),
      again: reader.sequence(MAX_REFS),
    }),
  ),
  assigned: fieldsOnly(
    (writer, message) => {
      writer.text(message.taskType);
      writer.text(message.workerId);
      writer.text(message.ticket);
      writer.sequence(message.seqs);
    },
    (reader, runId) => ({
      type: "assigned",
      runId,
      taskType: name(reader),
      workerId: name(reader),
      ticket: ticket(reader),
      seqs: reader.sequence(MAX_REFS),
    }),
  ),
  ready: fieldsOnly(
    (writer, { concurrency }) => writer.integer(concurrency),
    (reader, runId) => ({
      type: "ready",
      runId,
      concurrency: Math.max(1, reader.integerUpTo(MAX_CONCURRENCY)),
    }),
  ),
  grant: {
    write(writer, message) {
      writer.byte(message.solo ? 1 : 0);
      writer.sequence(message.settled);
      writeRefs(writer, message.failuresSeen);
      return writeItems(writer, message.items);
    },
    read: (reader, runId, bodies) => ({
      type: "grant",
      runId,
      solo: flag(reader),
      settled: reader.sequence(MAX_REFS),
      failuresSeen: readRefs(reader),
      items: readItems(reader, bodies),
    }),
  },
  recall: fieldsOnly(
    (writer, { count }) => writer.integer(count),
    (reader, runId) => ({ type: "recall", runId, count: reader.integerUpTo(MAX_REFS) }),
  ),
  revoke: fieldsOnly(
    (writer, { items }) => writeRefs(writer, items),
    (reader, runId) => ({ type: "revoke", runId, items: readRefs(reader) }),
  ),
  returned: fieldsOnly(
    (writer, { leaving, items }) => {
      writer.byte(leaving ? 1 : 0);
      writeRefs(writer, items);
    },
    (reader, runId) => ({ type: "returned", runId, leaving: flag(reader), items: readRefs(reader) }),
  ),
  blocked: fieldsOnly(
    (writer, message) => {
      writer.text(message.workerId);
      writer.text(message.ticket);
      writer.byte(message.expired ? 1 : 0);
      writeRefs(writer, message.running);
    },
    (reader, runId) => ({
      type: "blocked",
      runId,
      workerId: name(reader),
      ticket: ticket(reader),
      expired: flag(reader),
      running: readRefs(reader),
    }),
  ),
  fail: fieldsOnly(
    (writer, { seq, attempt, retryable, error }) => {
      writer.integer(seq);
      writer.integer(attempt);
      writer.byte(retryable ? 1 : 0);
      writeError(writer, error);
    },
    (reader, runId) => ({
      type: "fail",
      runId,
      seq: reader.seq(),
      attempt: reader.attempt(),
      retryable: flag(reader),
      error: readError(reader),
    }),
  ),
  result: {
    write(writer, message) {
      writer.text(message.taskType);
      writer.text(message.workerId);
      writer.text(message.ticket);
      writeDuration(writer, message.busyMs);
      return writeItems(writer, message.items);
    },
    read: (reader, runId, bodies) => ({
      type: "result",
      runId,
      taskType: name(reader),
      workerId: name(reader),
      ticket: ticket(reader),
      busyMs: readDuration(reader),
      items: readItems(reader, bodies),
    }),
  },
  failed: {
    write(writer, message) {
      writer.text(message.taskType);
      writer.integer(message.seq);
      writer.integer(message.attempts);
      writeError(writer, message.error);
      return writeSizes(writer, [message.payload]);
    },
    read: (reader, runId, bodies) => ({
      type: "failed",
      runId,
      taskType: name(reader),
      seq: reader.seq(),
      attempts: reader.integer(),
      error: readError(reader),
      payload: payload(reader, bodies),
    }),
  },
  ack: {
    write(writer, message) {
      writer.text(message.taskType);
      writer.text(message.workerId);
      writeDuration(writer, message.busyMs);
      writer.integer(message.bytes);
      writer.sequence(message.seqs);
      writer.integer(message.ackSeq);
      return writeSizes(writer, [message.ackData]);
    },
    read: (reader, runId, bodies) => ({
      type: "ack",
      runId,
      taskType: name(reader),
      workerId: name(reader),
      busyMs: readDuration(reader),
      bytes: reader.integer(),
      seqs: reader.sequence(MAX_REFS),
      ackSeq: reader.seq(),
      ackData: payload(reader, bodies),
    }),
  },
  metadata: {
    write: (writer, message) => writeSizes(writer, [message.payload]),
    read: (reader, runId, bodies) => ({ type: "metadata", runId, payload: payload(reader, bodies) }),
  },
  end: fieldsOnly(
    (writer, { status, reason }) => {
      writer.byte(STATUSES.indexOf(status));
      writer.text(reason);
    },
    (reader, runId) => ({
      type: "end",
      runId,
      status: choice(reader, STATUSES),
      reason: reader.text(MAX_REASON_BYTES),
    }),
  ),
  inspect: fieldsOnly(
    (writer, { taskType, seq }) => {
      writer.text(taskType);
      writer.integer(seq === undefined ? 0 : seq + 1);
    },
    (reader, runId) => {
      const taskType = name(reader);
      const place = reader.integer();
      return { type: "inspect", runId, taskType, seq: place === 0 ? undefined : place - 1 };
    },
  ),
  report: {
    write: (writer, message) => writeSizes(writer, [message.payload]),
    read: (reader, runId, bodies) => ({ type: "report", runId, payload: payload(reader, bodies) }),
  },
  ping: signal("ping"),
  pong: signal("pong"),
  bye: signal("bye"),
  ended: signal("ended"),
  accepted: signal("accepted"),
  resend: signal("resend"),
};
