import type { RoleLog } from "../logging/logger.ts";
import { SparingLog } from "../logging/sparing-log.ts";
import type { Direction } from "../protocol/direction.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { Message } from "../protocol/message.ts";
import { narrowedLink, narrowedListener } from "../transport/narrowed.ts";
import type {
  Link,
  LinkHandler,
  LinkOptions,
  Listener,
  ListenerHandler,
  ListenOptions,
} from "../transport/transport.ts";
import { transportFor } from "../transport/transport-for.ts";

/**
 * Connects a role to an endpoint. The role hears only the messages of the direction. Its log gets a line for each connection, and at
 * `DEBUG` one for each message.
 */
export function connectTo<In extends Message>(
  endpoint: EndpointAddress,
  direction: Direction<In>,
  handler: LinkHandler<In>,
  options: LinkOptions,
  log: RoleLog,
): Link {
  const facts = { endpoint: endpoint.address };
  let connected = false;
  const ended = () => {
    if (connected) log.write("info", "disconnected", facts);
    connected = false;
  };
  const heard: LinkHandler<In> = {
    ...handler,
    onConnected: () => {
      connected = true;
      log.write("info", "connected", facts);
      handler.onConnected();
    },
    onDisconnected: () => {
      ended();
      handler.onDisconnected();
    },
    onMessage: (message) => {
      note(log, "message received", message, facts);
      handler.onMessage(message);
    },
  };
  const link = transportFor(endpoint).connect(endpoint, narrowedLink(direction, heard), options);
  return {
    send: (message) => {
      note(log, "message sent", message, facts);
      link.send(message);
    },
    close: () => {
      ended();
      return link.close();
    },
  };
}

/** The same for a role that listens. A connection has its line when the peer says who it is, for the first time. */
export async function listenAt<In extends Message>(
  endpoint: EndpointAddress,
  direction: Direction<In>,
  handler: ListenerHandler<In>,
  options: ListenOptions,
  log: RoleLog,
): Promise<Listener> {
  const { address } = endpoint;
  const factsOf = (connection: string) => ({ endpoint: address, connection: shown(connection) });
  const peers = new Set<string>();
  const sparing = new SparingLog(log);
  const ended = (connection: string) => {
    if (peers.delete(connection)) sparing.write("info", "peer disconnected", factsOf(connection));
  };
  const heard: ListenerHandler<In> = {
    ...handler,
    onMessage: (connection, message) => {
      const peer = peers.has(connection) ? undefined : peerOf(message);
      if (peer !== undefined) {
        peers.add(connection);
        // The end of a connection on which nothing is sent is not noticed, unless the peer says goodbye.
        const [oldest] = peers;
        if (peers.size > options.maxConnections && oldest !== undefined) peers.delete(oldest);
        sparing.write("info", "peer connected", { ...peer, ...factsOf(connection) });
      }
      if (log.isEnabled("debug")) note(log, "message received", message, factsOf(connection));
      handler.onMessage(connection, message);
      if (message.type === "bye") ended(connection);
    },
    onDisconnected: (connection) => {
      ended(connection);
      handler.onDisconnected(connection);
    },
  };
  const listener = await transportFor(endpoint).listen(endpoint, narrowedListener(direction, heard), options);
  return {
    owns: (connection) => listener.owns(connection),
    send: (connection, message) => {
      if (log.isEnabled("debug")) note(log, "message sent", message, factsOf(connection));
      listener.send(connection, message);
    },
    shun: (connection, reason) => listener.shun(connection, reason),
    close: () => {
      for (const connection of peers) ended(connection);
      return listener.close();
    },
  };
}

/** Who begins a connection with this message; undefined: it does not say. */
function peerOf(message: Message): Readonly<Record<string, string>> | undefined {
  if (message.type === "open") return { peer: "distributor" };
  if (message.type !== "hello") return undefined;
  return { peer: message.role, peerId: message.peerId, ...of(message.taskType) };
}

/** A connection's name in a log: libzmq's routing ids, after the number of their listener, are bytes of any value. */
function shown(connection: string): string {
  return connection.replace(/(?<=^\d+:).+/s, (routingId) => Buffer.from(routingId, "latin1").toString("hex"));
}

/** Writes what kind of message passes, and how much is in it; never what. */
function note(log: RoleLog, event: string, message: Message, facts: Readonly<Record<string, unknown>>): void {
  if (!log.isEnabled("debug")) return;
  const { type } = message;
  const task = "taskType" in message ? of(message.taskType) : {};
  const list = "items" in message ? message.items : "seqs" in message ? message.seqs : undefined;
  const items = list === undefined ? {} : { items: list.length };
  log.write("debug", event, { type, ...task, ...items, bytes: bytesOf(message), ...facts });
}

function of(taskType: string): { taskType?: string } {
  return taskType === "" ? {} : { taskType };
}

/** The encoded payloads of a message, in bytes. */
function bytesOf(message: Message): number {
  let bytes = 0;
  for (const value of Object.values(message) as unknown[]) {
    if (value instanceof Uint8Array) bytes += value.length;
  }
  if (!("items" in message)) return bytes;
  for (const item of message.items) if ("payload" in item) bytes += item.payload.length;
  return bytes;
}
