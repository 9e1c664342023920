import { MAX_CONTEXT_BYTES, MAX_NAME_BYTES } from "../limits.ts";
import type { Assign, AssignedItem, FailureOrigin, ServiceMessage } from "../service-message.ts";
import { type ByteReader, ProtocolError } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import {
  choice,
  flag,
  list,
  readError,
  readItems,
  readRefs,
  writeError,
  writeItems,
  writeRefs,
} from "./codec-fields.ts";

const ORIGINS: readonly FailureOrigin[] = ["handler", "worker", "service"];

export const SERVICE_TYPES = [
  "request",
  "assign",
  "reply",
  "failure",
  "cancel",
] as const satisfies readonly ServiceMessage["type"][];

/** Writes what follows the header, and returns the payloads. */
export function writeServiceFields(writer: ByteWriter, message: ServiceMessage): readonly Uint8Array[] {
  switch (message.type) {
    case "request":
      writer.text(message.taskType);
      writer.integer(message.timeout);
      writer.byte(message.idempotent ? 1 : 0);
      writer.text(message.context);
      return writeItems(writer, message.items);
    case "assign":
      return writeAssign(writer, message);
    case "reply":
      writer.integer(message.busy);
      return writeItems(writer, message.items);
    case "failure":
      writer.byte(ORIGINS.indexOf(message.origin));
      writeError(writer, message.error);
      writeRefs(writer, message.items);
      return [];
    case "cancel":
      writeRefs(writer, message.items);
      return [];
  }
}

/** Reads what {@link writeServiceFields} wrote, up to the end of the envelope. Throws ProtocolError. */
export function readServiceFields(
  reader: ByteReader,
  type: ServiceMessage["type"],
  runId: string,
  bodies: readonly Uint8Array[],
): ServiceMessage {
  const done = <M extends ServiceMessage>(message: M): M => {
    reader.end();
    if (bodies.length > 0) throw new ProtocolError("Message has frames that belong to nothing");
    return message;
  };
  switch (type) {
    case "request":
      return {
        type,
        runId,
        taskType: reader.text(MAX_NAME_BYTES),
        timeout: reader.integer(),
        idempotent: flag(reader),
        context: reader.text(MAX_CONTEXT_BYTES),
        items: readItems(reader, bodies),
      };
    case "assign":
      return readAssign(reader, runId, bodies);
    case "reply":
      return { type, runId, busy: reader.integer(), items: readItems(reader, bodies) };
    case "failure":
      return done({
        type,
        runId,
        origin: choice(reader, ORIGINS),
        error: readError(reader),
        items: readRefs(reader),
      });
    case "cancel":
      return done({ type, runId, items: readRefs(reader) });
  }
}

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
    writer.difference(clientSeq, previous); // those of one client follow each other
    if (contexts.size > 0) writer.integer(contexts.get(context) ?? 0);
    previous = clientSeq;
  }
  return writeItems(writer, items);
}

function readAssign(reader: ByteReader, runId: string, bodies: readonly Uint8Array[]): Assign {
  const clients = list(reader, () => reader.text(MAX_NAME_BYTES));
  const contexts = ["", ...list(reader, () => reader.text(MAX_CONTEXT_BYTES))];
  let clientSeq = 0;
  const origins = list(reader, () => {
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
