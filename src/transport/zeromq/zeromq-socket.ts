import { createRequire } from "node:module";
import type * as zmq from "zeromq";
import { MAX_FRAME_BYTES } from "../../protocol/limits.ts";
import type { Message } from "../../protocol/message.ts";
import { BoundError, ProtocolError } from "../../protocol/wire/byte-reader.ts";
import { decodeMessage, VersionError } from "../../protocol/wire/codec.ts";
import type { LinkKeys } from "../transport.ts";

/**
 * How long a closed socket may go on delivering, in ms. It is for `bye` only: everything else is confirmed before a role closes.
 * It is short because the process cannot end before.
 */
const LINGER_MS = 200;

/** Longest handshake, in ms; after that libzmq closes the connection. */
const HANDSHAKE_MS = 5000;

/** Messages per connection that ZeroMQ queues to be sent. Windows keep a connection far below that; a stalled peer's messages wait in the `SendQueue`. */
const SEND_HIGH_WATER_MARK = 2000;

/**
 * No bound for what arrives. With one, libzmq (4.3.5) stops reading a connection whose queue is full, and when that connection then breaks, the next
 * heartbeat finds a socket that is gone and aborts the process (`Assertion failed: !_io_error`). What a peer may send ahead is bounded by `Intake`.
 */
const RECEIVE_HIGH_WATER_MARK = 0;

/**
 * All options are set when a socket is made: later ones do not count for connections that exist. libzmq's I/O thread answers the
 * heartbeats, so a busy event loop does not end a connection, but a stopped process does.
 */
export const SOCKET_OPTIONS = {
  sendTimeout: 0,
  linger: LINGER_MS,
  heartbeatInterval: 400,
  heartbeatTimeout: 4000,
  handshakeInterval: HANDSHAKE_MS,
  maxMessageSize: MAX_FRAME_BYTES,
  sendHighWaterMark: SEND_HIGH_WATER_MARK,
  receiveHighWaterMark: RECEIVE_HIGH_WATER_MARK,
} as const;

/** Without a ZAP domain libzmq falls back to ZMTP 1.0 for peers that are no ZeroMQ at all. */
export const PLAIN_OPTIONS = { ...SOCKET_OPTIONS, zapDomain: "zmqpipeline" } as const;

/** A link's socket options for its keys and its peer's. */
export function curveOptions({ publicKey, secretKey, serverKey }: LinkKeys) {
  return { curvePublicKey: publicKey, curveSecretKey: secretKey, curveServerKey: serverKey };
}

/**
 * Loaded when the first socket is opened, and so never in the threads of a pool, which import this library too: a thread that
 * ends while the addon is being loaded takes the whole process with it. The watching thread loads it under its `ExitLock`.
 */
let loaded: typeof zmq | undefined;
export function zeromq(): typeof zmq {
  loaded ??= createRequire(import.meta.url)("zeromq") as typeof zmq;
  return loaded;
}

/** What a socket tells of its connections. */
export interface SocketEvent {
  readonly type: zmq.EventType;
  /** An error's message; empty without one. */
  readonly text: string;
  readonly code: string;
  /** The ZAP status of a refused connection: 400 for its key, 500 for want of room. */
  readonly status: number;
}

/** How many sockets are made at the most until one's events can be read. */
const MAX_SOCKETS = 20;

/**
 * Makes a socket whose events can be read. libzmq names what carries them by the socket's place in memory: where a socket was that was closed
 * a moment ago, that name may still be taken. Another one is then made while the first one keeps the place.
 *
 * @throws What libzmq says where there are no descriptors left: the events have a socket of their own.
 */
export function makeObservable<S extends zmq.Router | zmq.Dealer>(make: () => S): S {
  const useless: S[] = [];
  try {
    for (;;) {
      const socket = make();
      try {
        void socket.events; // kept by the socket
        return socket;
      } catch (error) {
        useless.push(socket);
        const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
        if (!isTaken || useless.length >= MAX_SOCKETS) throw error;
      }
    }
  } finally {
    for (const socket of useless) socket.close();
  }
}

/** @param socket - Made by {@link makeObservable}. */
export function watchEvents(socket: zmq.Router | zmq.Dealer, notice: (event: SocketEvent) => void): void {
  void passEvents(socket, socket.events, notice);
}

async function passEvents(
  socket: zmq.Router | zmq.Dealer,
  events: zmq.Observer,
  notice: (event: SocketEvent) => void,
): Promise<void> {
  for await (const event of events) {
    if (socket.closed) return;
    const error: { message?: string; code?: unknown; status?: unknown } =
      "error" in event && event.error instanceof Error ? event.error : {};
    const { message = "", code = "", status = 0 } = error;
    notice({ type: event.type, text: message, code: String(code), status: Number(status) });
  }
}

/**
 * @param answer - Sends a peer of another version, one with a name that none may have, or one that claims more than a message may hold, that it
 * is refused.
 * @param shun - Called where the peer must not be heard any more.
 * @returns The message; nothing when it was refused.
 */
export function decodeFrames(
  frames: Buffer[],
  refused: (reason: string) => void,
  answer: (refuse: Message) => void,
  shun: () => void = () => {},
): Message | undefined {
  try {
    return decodeMessage(frames);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    refused(error.message);
    const isBound = error instanceof BoundError;
    // The peer reads this side's version in the envelope, and refuses it in turn.
    if (error instanceof VersionError || isBound)
      answer({ type: "refuse", runId: "", reason: error.message });
    if (isBound) shun();
    return undefined;
  }
}
