import type { Message } from "../message.ts";
import { type ByteReader, ProtocolError } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";

/** How the fields of one kind of message lie on the wire, behind the header: what writes them, and beside it what reads them. */
export interface Layout<M extends Message> {
  /** @returns The payloads, whose sizes are among the fields. */
  write(writer: ByteWriter, message: M): readonly Uint8Array[];
  /**
   * @param bodies - The frames behind the envelope.
   * @throws ProtocolError when the bytes are not exactly the fields.
   */
  read(reader: ByteReader, runId: string, bodies: readonly Uint8Array[]): M;
}

/** A layout for each of these kinds of message. */
export type Layouts<T extends Message["type"]> = {
  readonly [K in T]: Layout<Extract<Message, { readonly type: K }>>;
};

/** The layout of a message without payloads. */
export function fieldsOnly<M extends Message>(
  write: (writer: ByteWriter, message: M) => void,
  read: (reader: ByteReader, runId: string) => M,
): Layout<M> {
  return {
    write(writer, message) {
      write(writer, message);
      return [];
    },
    read(reader, runId, bodies) {
      const message = read(reader, runId);
      reader.end();
      if (bodies.length > 0) throw new ProtocolError("Message has frames that belong to nothing");
      return message;
    },
  };
}

/** The layout of a message that says nothing but its type and run. */
export function signal<M extends Message>(type: M["type"]): Layout<M> {
  return fieldsOnly<M>(
    () => {},
    (_reader, runId) => ({ type, runId }) as M,
  );
}
