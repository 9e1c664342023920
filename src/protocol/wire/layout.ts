import type { Message } from "../message.ts";
import { type ByteReader, ProtocolError } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";

/** Writer and reader of the fields of one kind of message. The fields follow the header in the envelope. */
export interface Layout<M extends Message> {
  /** @returns The payloads. Their sizes are among the fields. */
  write(writer: ByteWriter, message: M): readonly Uint8Array[];
  /**
   * @param bodies - The frames after the envelope.
   * @throws ProtocolError when the bytes are not exactly these fields.
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

/** The layout of a message without fields but its type and run. */
export function signal<M extends Message>(type: M["type"]): Layout<M> {
  return fieldsOnly<M>(
    () => {},
    (_reader, runId) => ({ type, runId }) as M,
  );
}
