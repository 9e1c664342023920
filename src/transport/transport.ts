import type { PipelineError } from "../errors.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { Message } from "../protocol/message.ts";

/**
 * What the roles need of a network: messages to a peer, and to know when a connection begins and ends. Delivery is not
 * promised: whatever is sent may be lost with its connection, and the cores repair that.
 */
export interface Transport {
  /**
   * Binds an endpoint. The handler hears of nothing before the listener is in the caller's hands to answer with.
   *
   * @throws PipelineError `ADDRESS_IN_USE`, `BIND_FAILED`, `IPC_PATH_OCCUPIED`, `IPC_PATH_UNSAFE` or `SELF_TEST_FAILED`.
   */
  listen(endpoint: EndpointAddress, handler: ListenerHandler, options: ListenOptions): Promise<Listener>;
  /** Connects to an endpoint, now or as soon as somebody listens there, and again whenever the connection ends. */
  connect(endpoint: EndpointAddress, handler: LinkHandler, options: LinkOptions): Link;
}

export interface ListenOptions {
  /** Most connections at a time; nobody is let in while there are so many. */
  readonly maxConnections: number;
  /** Without them, everybody is let in who can connect. */
  readonly keys: ListenKeys | undefined;
}

/** Who a secured listener is, and whom it lets in. Keys are Curve25519 keys, as text in Z85. */
export interface ListenKeys {
  readonly publicKey: string;
  readonly secretKey: string;
  /** Whether the owner of a public key may come in, now. */
  allows(publicKey: string): boolean;
  /** Tells when a key that was allowed is so no more, and when the list cannot be read. @returns Ends that. */
  watch(watcher: { revoked(): void; problem(text: string): void }): () => void;
}

export interface LinkOptions {
  /** Who connects, for errors. */
  readonly role: string;
  /** Without them, nothing is encrypted, and whoever listens is believed. */
  readonly keys: LinkKeys | undefined;
}

/** Who connects, and to whom. Keys are Curve25519 keys, as text in Z85. */
export interface LinkKeys {
  readonly publicKey: string;
  readonly secretKey: string;
  readonly serverKey: string;
}

export interface ListenerHandler<In extends Message = Message> {
  /** @param connection - Names the peer's connection until it ends; a peer that reconnects has a new one. */
  onMessage(connection: string, message: In): void;
  /** A send found that the connection has ended. */
  onDisconnected(connection: string): void;
  /** Some connection ended, it is not known which: sending to all will tell. */
  onSomeDisconnected(): void;
  /** A peer sent what is not a message of ours, or was not let in; it was dropped. */
  onRefused(reason: string): void;
}

export interface Listener<Out extends Message = Message> {
  send(connection: string, message: Out): void;
  /** Sends what is queued, at most for {@link CLOSE_MS}, and closes. */
  close(): Promise<void>;
}

export interface LinkHandler<In extends Message = Message> {
  onConnected(): void;
  onDisconnected(): void;
  onMessage(message: In): void;
  onRefused(reason: string): void;
  /** Waiting is in vain: the two sides' keys do not fit, or the peer is not to be trusted. The link does not try again. */
  onFailed(error: PipelineError): void;
}

export interface Link<Out extends Message = Message> {
  /** Sends, or drops the message while there is no connection. */
  send(message: Out): void;
  close(): Promise<void>;
}

/** How long closing may take to get the last messages out, in ms. */
export const CLOSE_MS = 1000;
