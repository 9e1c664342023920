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
   * @throws PipelineError `ADDRESS_IN_USE`, `BIND_FAILED` or `IPC_PATH_OCCUPIED`.
   */
  listen(endpoint: EndpointAddress, handler: ListenerHandler): Promise<Listener>;
  /** Connects to an endpoint, now or as soon as somebody listens there, and again whenever the connection ends. */
  connect(endpoint: EndpointAddress, handler: LinkHandler): Link;
}

export interface ListenerHandler {
  /** @param connection - Names the peer's connection until it ends; a peer that reconnects has a new one. */
  onMessage(connection: string, message: Message): void;
  /** A send found that the connection has ended. */
  onDisconnected(connection: string): void;
  /** Some connection ended, it is not known which: sending to all will tell. */
  onSomeDisconnected(): void;
  /** A peer sent what is not a message of ours; it was dropped. */
  onRefused(reason: string): void;
}

export interface Listener {
  send(connection: string, message: Message): void;
  /** Sends what is queued, at most for {@link CLOSE_MS}, and closes. */
  close(): Promise<void>;
}

export interface LinkHandler {
  onConnected(): void;
  onDisconnected(): void;
  onMessage(message: Message): void;
  onRefused(reason: string): void;
}

export interface Link {
  /** Sends, or drops the message while there is no connection. */
  send(message: Message): void;
  close(): Promise<void>;
}

/** How long closing may take to get the last messages out, in ms. */
export const CLOSE_MS = 1000;
