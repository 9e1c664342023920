import type { PipelineError } from "../errors.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { Message } from "../protocol/message.ts";

/**
 * What the roles need of a network: to send messages to a peer, and to hear when a connection begins and ends. Delivery is not
 * promised: a message may be lost with its connection, and the cores repair that.
 */
export interface Transport {
  /**
   * Binds an endpoint. The handler is called only after the promise has resolved, so that it can answer.
   *
   * @throws PipelineError `ADDRESS_IN_USE`, `BIND_FAILED`, `IPC_PATH_OCCUPIED`, `IPC_PATH_UNSAFE` or `SELF_TEST_FAILED`.
   */
  listen(endpoint: EndpointAddress, handler: ListenerHandler, options: ListenOptions): Promise<Listener>;
  /** Connects to an endpoint, now or as soon as somebody listens there, and again whenever the connection ends. */
  connect(endpoint: EndpointAddress, handler: LinkHandler, options: LinkOptions): Link;
}

export interface ListenOptions {
  /** Most connections at a time; further peers are refused. */
  readonly maxConnections: number;
  /** Without keys, every peer is let in that can connect. */
  readonly keys: ListenKeys | undefined;
}

/** A secured listener's keys, and the peers that it lets in. Keys are Curve25519 keys, as text in Z85. */
export interface ListenKeys {
  readonly publicKey: string;
  readonly secretKey: string;
  /** Whether the owner of a public key may connect now. */
  allows(publicKey: string): boolean;
  /** Tells when an allowed key was revoked, and when the list cannot be read. @returns Ends that. */
  watch(watcher: { revoked(): void; problem(text: string): void }): () => void;
}

export interface LinkOptions {
  /** The role that connects, for errors. */
  readonly role: string;
  /** Without keys, nothing is encrypted, and any listener at the endpoint is believed. */
  readonly keys: LinkKeys | undefined;
}

/** A link's keys and its listener's. Keys are Curve25519 keys, as text in Z85. */
export interface LinkKeys {
  readonly publicKey: string;
  readonly secretKey: string;
  readonly serverKey: string;
}

export interface ListenerHandler<In extends Message = Message> {
  /**
   * @param connection - Names the peer's connection until it ends. No other connection of this process has the name, and a peer that
   * reconnects gets a new one.
   */
  onMessage(connection: string, message: In): void;
  /** A send found that the connection has ended. */
  onDisconnected(connection: string): void;
  /** A connection ended, and it is not known which one: sending to all peers will tell. */
  onSomeDisconnected(): void;
  /** A peer was not let in, or its bytes or message were dropped: no message of this protocol, or none that belongs here. */
  onRefused(reason: string): void;
}

export interface Listener<Out extends Message = Message> {
  /** Whether a connection was made to this listener. */
  owns(connection: string): boolean;
  send(connection: string, message: Out): void;
  /** Tells the peer that it is refused, and drops what else comes on its connection. The handler hears that the connection has ended. */
  shun(connection: string, reason: string): void;
  /** Sends what is queued, at most for {@link CLOSE_MS}, and closes. */
  close(): Promise<void>;
}

export interface LinkHandler<In extends Message = Message> {
  onConnected(): void;
  onDisconnected(): void;
  onMessage(message: In): void;
  onRefused(reason: string): void;
  /** The link has given up: the two sides' keys do not fit, or the peer is not to be trusted. */
  onFailed(error: PipelineError): void;
}

export interface Link<Out extends Message = Message> {
  /** Sends, or drops the message while there is no connection. */
  send(message: Out): void;
  close(): Promise<void>;
}

/** How long closing may take to get the last messages out, in ms. */
export const CLOSE_MS = 1000;
