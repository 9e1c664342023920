import type { ConnectionMessage } from "../connection-message.ts";
import { fieldsOnly, type Layouts } from "./layout.ts";

/** The layouts of messages that transports exchange. */
export const CONNECTION_LAYOUTS: Layouts<ConnectionMessage["type"]> = {
  sync: fieldsOnly(
    (writer, { number }) => writer.integer(number),
    (reader, runId) => ({ type: "sync", runId, number: reader.integer() }),
  ),
  synced: fieldsOnly(
    (writer, { number }) => writer.integer(number),
    (reader, runId) => ({ type: "synced", runId, number: reader.integer() }),
  ),
};
