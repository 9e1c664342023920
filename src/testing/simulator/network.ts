import type { Message } from "../../protocol/message.ts";
import { decodeMessage, encodeMessage } from "../../protocol/wire/codec.ts";
import { type Host, runOn } from "./host.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

export interface ServerEnd {
  readonly host: Host;
  onMessage(connection: string, message: Message): void;
  onDisconnected(connection: string): void;
  onSomeDisconnected(): void;
}

export interface ClientEnd {
  readonly host: Host;
  onConnected(): void;
  onDisconnected(): void;
  onMessage(message: Message): void;
}

interface Connection {
  readonly id: string;
  readonly address: string;
  readonly server: ServerEnd;
  readonly client: SimulatedLink;
  up: boolean;
  /** When the last message of a direction arrives: the next one is not earlier. */
  toServerAt: number;
  toClientAt: number;
  /** Direction in which messages vanish until the heartbeat ends the connection. */
  muted: "toServer" | "toClient" | undefined;
}

interface Client {
  readonly address: string;
  readonly end: ClientEnd;
  readonly link: Link;
  /** Connects and disconnects that the client has not been told yet, in order. */
  readonly events: (() => void)[];
}

export interface SimulatedLink {
  send(message: Message): void;
}

/** How long a silent connection lives before its heartbeat ends it, in ms. */
const HEARTBEAT_MS = 4000;

/**
 * A network as ZeroMQ's connections show it. Messages arrive in order while a connection lasts, messages on their way are lost when it
 * ends, and a client connects again by itself.
 */
export class Network {
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #servers = new Map<string, ServerEnd>();
  readonly #clients = new Set<Client>();
  readonly connections = new Map<string, Connection>();
  #next = 0;
  readonly #onLost: (message: Message) => void;
  delivered = 0;
  /** Messages that were delivered twice. */
  duplicated = 0;
  /** Share of messages that arrive twice, from 0 to 1: more than any network does within a connection. */
  duplicating = 0;

  constructor(timeline: Timeline, random: Random, onLost: (message: Message) => void) {
    this.#timeline = timeline;
    this.#random = random;
    this.#onLost = onLost;
  }

  listen(address: string, end: ServerEnd): (connection: string, message: Message) => void {
    this.#servers.set(address, end);
    return (connection, message) => this.#toClient(connection, end, message);
  }

  connect(address: string, end: ClientEnd): SimulatedLink {
    const link = new Link((message) => this.#toServer(link.connection, message));
    const client: Client = { address, end, link, events: [] };
    this.#clients.add(client);
    this.#tryConnect(client);
    return link;
  }

  cut(connection: Connection): void {
    if (!connection.up) return;
    connection.up = false;
    this.connections.delete(connection.id);
    const client = [...this.#clients].find(({ link }) => link.connection === connection);
    runOn(this.#timeline, connection.server.host, this.#delay(), () =>
      connection.server.onSomeDisconnected(),
    );
    if (client === undefined) return;
    client.link.connection = undefined;
    this.#tell(client, () => client.end.onDisconnected());
    this.#timeline.after(this.#random.between(50, 1000), () => this.#tryConnect(client));
  }

  /** Drops all messages of one direction, until the heartbeat ends the connection. */
  mute(connection: Connection, way: "toServer" | "toClient"): void {
    connection.muted = way;
    this.#timeline.after(HEARTBEAT_MS, () => this.cut(connection));
  }

  /** Ends every connection of a host that died. */
  drop(host: Host): void {
    for (const client of this.#clients) if (client.end.host === host) this.#clients.delete(client);
    for (const [address, end] of this.#servers) if (end.host === host) this.#servers.delete(address);
    this.#cutAll(host);
  }

  /** A frozen host's connections end when the others' heartbeats go unanswered. */
  freeze(host: Host, duration: number): void {
    // A freeze never ends earlier than before: actions that wait for its end must not be overtaken.
    host.frozenUntil = Math.max(host.frozenUntil, this.#timeline.now + duration);
    if (duration > HEARTBEAT_MS) this.#timeline.after(HEARTBEAT_MS, () => this.#cutAll(host));
  }

  #cutAll(host: Host): void {
    for (const connection of [...this.connections.values()]) {
      const client = [...this.#clients].find(({ link }) => link.connection === connection);
      if (connection.server.host === host || client === undefined || client.end.host === host)
        this.cut(connection);
    }
  }

  #tryConnect(client: Client): void {
    if (!this.#clients.has(client) || client.link.connection !== undefined) return;
    const server = this.#servers.get(client.address);
    if (server === undefined || server.host.frozenUntil > this.#timeline.now) {
      this.#timeline.after(200, () => this.#tryConnect(client));
      return;
    }
    const connection: Connection = {
      id: `c${this.#next++}`,
      address: client.address,
      server,
      client: client.link,
      up: true,
      toServerAt: 0,
      toClientAt: 0,
      muted: undefined,
    };
    this.connections.set(connection.id, connection);
    client.link.connection = connection;
    this.#tell(client, () => {
      if (connection.up) client.end.onConnected();
    });
  }

  /** Tells a client of a connect or disconnect; in order, also after a freeze. */
  #tell(client: Client, event: () => void): void {
    client.events.push(event);
    runOn(this.#timeline, client.end.host, this.#delay(), () => client.events.shift()?.());
  }

  #toServer(connection: Connection | undefined, message: Message): void {
    if (connection === undefined || !connection.up) return;
    connection.toServerAt = Math.max(connection.toServerAt, this.#timeline.now + this.#delay());
    const frames = encodeMessage(message);
    this.#runOften(connection.server.host, connection.toServerAt - this.#timeline.now, message, () => {
      if (!connection.up || connection.muted === "toServer") this.#onLost(message);
      else {
        this.delivered += 1;
        connection.server.onMessage(connection.id, decodeMessage(frames));
      }
    });
  }

  #toClient(id: string, server: ServerEnd, message: Message): void {
    const connection = this.connections.get(id);
    if (connection === undefined || !connection.up) {
      runOn(this.#timeline, server.host, 0, () => server.onDisconnected(id));
      return;
    }
    connection.toClientAt = Math.max(connection.toClientAt, this.#timeline.now + this.#delay());
    const frames = encodeMessage(message);
    const client = [...this.#clients].find(({ link }) => link.connection === connection);
    if (client === undefined) return;
    this.#runOften(client.end.host, connection.toClientAt - this.#timeline.now, message, () => {
      if (!connection.up || connection.muted === "toClient") this.#onLost(message);
      else {
        this.delivered += 1;
        client.end.onMessage(decodeMessage(frames));
      }
    });
  }

  /**
   * Delivers a message, and where messages are duplicated sometimes a second time, behind others. A grant is never duplicated: its
   * list of settled items holds for the grants before it, and no connection brings an old grant after a new one.
   */
  #runOften(host: Host, delay: number, message: Message, action: () => void): void {
    runOn(this.#timeline, host, delay, action);
    if (message.type === "grant" || this.duplicating === 0 || !this.#random.chance(this.duplicating)) return;
    this.duplicated += 1;
    runOn(this.#timeline, host, delay + this.#random.between(0, 100), action);
  }

  #delay(): number {
    return this.#random.chance(0.05) ? this.#random.between(1, 50) : this.#random.between(0.05, 1);
  }
}

class Link implements SimulatedLink {
  connection: Connection | undefined;
  readonly send: (message: Message) => void;

  constructor(send: (message: Message) => void) {
    this.send = send;
  }
}
