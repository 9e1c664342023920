import type * as zmq from "zeromq";
import type { EndpointAddress } from "../../protocol/endpoint-address.ts";
import type { Message } from "../../protocol/message.ts";
import { encodeMessage } from "../../protocol/wire/codec.ts";
import type { LinkKeys } from "../transport.ts";
import { ownerProblem } from "./ipc-owner.ts";
import { curveOptions, PLAIN_OPTIONS, SOCKET_OPTIONS, zeromq } from "./zeromq-socket.ts";

/** Shortest and longest wait before libzmq connects again, in ms. */
const RECONNECT_MS = 50;
const MAX_RECONNECT_MS = 250;

/**
 * A DEALER socket that only sends, for a thread that may be ended at any moment: ending a thread whose socket waits for messages or events
 * aborts the whole process. It queues a single message, so that `isEmpty` tells when the message has left.
 */
export class ZeromqOutlet {
  readonly #endpoint: EndpointAddress;
  readonly #socket: zmq.Dealer;

  constructor(endpoint: EndpointAddress, keys: LinkKeys | undefined) {
    const { Dealer } = zeromq();
    const secured = endpoint.scheme === "tcp" ? keys : undefined;
    this.#endpoint = endpoint;
    this.#socket = new Dealer({
      ...(secured === undefined ? PLAIN_OPTIONS : { ...SOCKET_OPTIONS, ...curveOptions(secured) }),
      immediate: true,
      sendHighWaterMark: 1,
      reconnectInterval: RECONNECT_MS,
      reconnectMaxInterval: MAX_RECONNECT_MS,
      ipv6: endpoint.connectAddress.includes("["),
    });
    this.#socket.connect(endpoint.connectAddress);
  }

  /** Whether there is a connection, and nothing waits to leave. */
  get isEmpty(): boolean {
    return this.#socket.writable;
  }

  /** Sends a message where there is a connection, or drops it. @returns Whether it is on its way. */
  send(message: Message): boolean {
    if (!this.isEmpty) return false;
    // Another user of this machine may have made the socket file.
    if (this.#endpoint.scheme === "ipc" && ownerProblem(this.#endpoint) !== undefined) return false;
    this.#socket.send(encodeMessage(message)).catch(() => {}); // the connection has just ended
    return true;
  }

  close(): void {
    if (!this.#socket.closed) this.#socket.close();
  }
}
