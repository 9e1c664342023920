import { MAX_FAILED_REQUESTS, MAX_ITEMS } from "../bounds.ts";
import { MAX_CONTEXT_BYTES } from "../limits.ts";
import type { Assign, AssignedItem, FailureOrigin, ServiceMessage } from "../service-message.ts";
import { type ByteReader, ProtocolError } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import {
  choice,
  flag,
  list,
  readDuration,
  readError,
  readItems,
  readRefs,
  writeDuration,
  writeError,
  writeItems,
  writeRefs,
} from "./codec-fields.ts";
import { fieldsOnly, type Layouts } from "./layout.ts";

const ORIGINS: readonly FailureOrigin[] = ["handler", "worker", "service"];

export const SERVICE_LAYOUTS: Layouts<ServiceMessage["type"]> = {
  request: {
    write(writer, message) {
      writer.text(message.taskType);
      writer.integer(message.timeoutMs);
      writer.byte(message.idempotent ? 1 : 0);
      writer.text(message.context);
      return writeItems(writer, message.items);
    },
    read: (reader, runId, bodies) => ({
      type: "request",
      runId,
      taskType: reader.name(),
      timeoutMs: reader.integer(),
      idempotent: flag(reader),
      context: reader.text(MAX_CONTEXT_BYTES),
      items: readItems(reader, bodies),
    }),
  },
  assign: { write: writeAssign, read: readAssign },
  reply: {
    write(writer, message) {
      writeDuration(writer, message.busyMs);
      return writeItems(writer, message.items);
    },
    read: (reader, runId, bodies) => ({
      type: "reply",
      runId,
      busyMs: readDuration(reader),
      items: readItems(reader, bodies),
    }),
  },
  failure: fieldsOnly(
    (writer, { origin, error, items }) => {
      writer.byte(ORIGINS.indexOf(origin));
      writeError(writer, error);
      writeRefs(writer, items);
    },
    (reader, runId) => ({
      type: "failure",
      runId,
      origin: choice(reader, ORIGINS),
      error: readError(reader),
      items: readRefs(reader, MAX_FAILED_REQUESTS),
    }),
  ),
  cancel: fieldsOnly(
    (writer, { items }) => writeRefs(writer, items),
    (reader, runId) => ({ type: "cancel", runId, items: readRefs(reader) }),
  ),
};

function writeAssign(writer: ByteWriter, { clients, items }: Assign): readonly Uint8Array[] {
  writer.integer(clients.length);
  for (const client of clients) writer.text(client);
  const contexts = new Map<string, number>();
  for (const { context } of items)
    if (context !== "" && !contexts.has(context)) contexts.set(context, contexts.size + 1);
  writer.integer(contexts.size);
  for (const context of contexts.keys()) writer.text(context);
  writer.integer(items.length);
  let previous = 0;
  for (const { clientIndex, clientSeq, context } of items) {
    writer.integer(clientIndex);
    writer.difference(clientSeq, previous); // requests of one client are mostly consecutive
    if (contexts.size > 0) writer.integer(contexts.get(context) ?? 0);
    previous = clientSeq;
  }
  return writeItems(writer, items);
}

function readAssign(reader: ByteReader, runId: string, bodies: readonly Uint8Array[]): Assign {
  const clients = list(reader, MAX_ITEMS, () => reader.name());
  const contexts = ["", ...list(reader, MAX_ITEMS, () => reader.text(MAX_CONTEXT_BYTES))];
  let clientSeq = 0;
  const origins = list(reader, MAX_ITEMS, () => {
    const clientIndex = reader.integer();
    if (clientIndex >= clients.length) throw new ProtocolError("Client is not in the list");
    clientSeq = reader.difference(clientSeq);
    const context = contexts[contexts.length > 1 ? reader.integer() : 0];
    if (context === undefined) throw new ProtocolError("Context is not in the list");
    return { clientIndex, clientSeq, context };
  });
  const payloads = readItems(reader, bodies);
  if (payloads.length !== origins.length) throw new ProtocolError("Lists are not of equal length");
  const items = payloads.map(({ seq, attempt, payload }, index): AssignedItem => {
    const { clientIndex, clientSeq, context } = origins[index] as (typeof origins)[number];
    return { seq, attempt, payload, clientIndex, clientSeq, context };
  });
  return { type: "assign", runId, clients, items };
}
