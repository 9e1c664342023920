import type * as zmq from "zeromq";
import { type ErrorCode, PipelineError } from "../../errors.ts";
import { keyFingerprint } from "../../protocol/curve-key.ts";
import type { EndpointAddress } from "../../protocol/endpoint-address.ts";
import type { Message } from "../../protocol/message.ts";
import { encodeMessage } from "../../protocol/wire/codec.ts";
import type { Link, LinkHandler, LinkOptions } from "../transport.ts";
import { askMechanism } from "./greeting-probe.ts";
import { ownerProblem } from "./ipc-owner.ts";
import { readFrames } from "./read-frames.ts";
import { SendQueue } from "./send-queue.ts";
import {
  curveOptions,
  decodeFrames,
  makeObservable,
  PLAIN_OPTIONS,
  SOCKET_OPTIONS,
  type SocketEvent,
  watchEvents,
  zeromq,
} from "./zeromq-socket.ts";

/** Shortest and longest wait before libzmq connects again, in ms. Short, so that a peer that starts late is found soon. */
const RECONNECT_MS = 50;
const MAX_RECONNECT_MS = 250;

/**
 * libzmq gives an endpoint up when a peer breaks the protocol. After a disconnect without a retry by libzmq the link connects again, after
 * this many ms: soon when the handshake failed, late when libzmq's retry may only be unreported because the event loop was blocked.
 */
const ABANDONED_MS = 100;
const PERHAPS_ABANDONED_MS = 10_000;

/** A handshake that ends within this many ms was ended by the peer, not by a deadline. */
const DROP_MS = 1000;

/** After `DROPS` of them in a row the peer is asked for its mechanism, at most once in `ASK_MS` ms. */
const DROPS = 3;
const ASK_MS = 1000;

/** The only connection of a link, as its send queue calls it. */
const PEER = "peer";

/** A DEALER socket with one peer. */
export class ZeromqLink implements Link {
  readonly #endpoint: EndpointAddress;
  readonly #handler: LinkHandler;
  readonly #options: LinkOptions;
  readonly #socket: zmq.Dealer;
  readonly #queue: SendQueue;
  #connected = false;
  #connectedAt = 0;
  /** Connections in a row that ended in the handshake. */
  #drops = 0;
  #brokeProtocol = false;
  #isAsking = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  #reconnectTimer: NodeJS.Timeout | undefined;

  constructor(endpoint: EndpointAddress, handler: LinkHandler, options: LinkOptions) {
    const { Dealer } = zeromq();
    const { role, keys } = options;
    this.#endpoint = endpoint;
    this.#handler = handler;
    this.#options = { role, keys: endpoint.scheme === "tcp" ? keys : undefined };
    const socketOptions = {
      ...(this.#options.keys === undefined
        ? PLAIN_OPTIONS
        : { ...SOCKET_OPTIONS, ...curveOptions(this.#options.keys) }),
      immediate: true,
      reconnectInterval: RECONNECT_MS,
      reconnectMaxInterval: MAX_RECONNECT_MS,
      ipv6: endpoint.connectAddress.includes("["),
    };
    this.#socket = makeObservable(() => new Dealer(socketOptions));
    this.#queue = new SendQueue(this.#socket, { gone: () => {}, stalled: () => {}, overrun: () => {} });
    watchEvents(this.#socket, (event) => this.#notice(event));
    void readFrames(this.#socket, (frames) => {
      const message = decodeFrames(frames, handler.onRefused, (refuse) => this.send(refuse));
      if (message?.type === "sync") this.send({ type: "synced", runId: "", number: message.number });
      else if (message !== undefined) handler.onMessage(message);
    });
    this.#socket.connect(endpoint.connectAddress);
  }

  send(message: Message): void {
    if (this.#connected) this.#queue.push(PEER, encodeMessage(message));
  }

  async close(): Promise<void> {
    if (this.#socket.closed) return;
    clearTimeout(this.#reconnectTimer);
    if (this.#connected) await this.#queue.finish();
    this.#connected = false;
    this.#socket.close();
  }

  #notice(event: SocketEvent): void {
    const { type } = event;
    if (type === "connect") {
      this.#connectedAt = performance.now();
      this.#brokeProtocol = false;
    } else if (type === "connect:delay" || type === "connect:retry") clearTimeout(this.#reconnectTimer);
    else if (type === "handshake") this.#handshakeDone();
    else if (type === "disconnect") this.#disconnected();
    else if (type.startsWith("handshake:error")) this.#handshakeFailed(event);
  }

  #handshakeDone(): void {
    if (this.#connected) return;
    this.#drops = 0;
    const problem = this.#endpoint.scheme === "ipc" ? ownerProblem(this.#endpoint) : undefined;
    if (problem !== undefined) return this.#fail("IPC_PATH_UNSAFE", problem);
    this.#connected = true;
    this.#handler.onConnected();
  }

  #disconnected(): void {
    clearTimeout(this.#reconnectTimer);
    const wait = this.#brokeProtocol ? ABANDONED_MS : PERHAPS_ABANDONED_MS;
    this.#reconnectTimer = setTimeout(() => this.#reconnect(), wait).unref();
    if (!this.#connected) return;
    this.#connected = false;
    this.#handler.onDisconnected();
  }

  #reconnect(): void {
    if (this.#socket.closed || this.#connected) return;
    const { connectAddress } = this.#endpoint;
    try {
      this.#socket.disconnect(connectAddress);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    this.#socket.connect(connectAddress);
  }

  #handshakeFailed({ type, text, status }: SocketEvent): void {
    const { keys } = this.#options;
    this.#brokeProtocol = type !== "handshake:error:other";
    const isAnswered = type === "handshake:error:auth";
    if (keys !== undefined && isAnswered && status === 400) {
      const key = keyFingerprint(keys.publicKey);
      return this.#fail(
        "KEY_REFUSED",
        `does not let in the key ${key}: it is not on its list, or was revoked`,
      );
    }
    this.#handler.onRefused(isAnswered ? "the peer has no room just now" : `${type}: ${text}`);
    if (isAnswered || performance.now() - this.#connectedAt > DROP_MS) return;
    this.#drops += 1;
    const isTime = performance.now() - this.#askedAt >= ASK_MS;
    if (this.#drops >= DROPS && isTime && !this.#isAsking) void this.#ask();
  }

  /** The peer ends every connection. The link gives up only when it is certain that the keys are the reason. */
  async #ask(): Promise<void> {
    this.#isAsking = true;
    this.#askedAt = performance.now();
    const heard = await askMechanism(this.#endpoint);
    // Twice: a peer that sends random bytes does not answer the same twice.
    const mechanism = (await askMechanism(this.#endpoint)) === heard ? heard : undefined;
    this.#isAsking = false;
    if (this.#socket.closed || this.#drops < DROPS) return;
    this.#drops = 0;
    const hasKeys = this.#options.keys !== undefined;
    if (mechanism === "NULL" && hasKeys)
      this.#fail("SECURITY_MISMATCH", "has no keys, and this role has: both sides need them, or neither");
    else if (mechanism === "CURVE" && !hasKeys)
      this.#fail("SECURITY_MISMATCH", "wants keys, and this role has none: see `security`");
    else if (mechanism === "CURVE")
      this.#fail("SERVER_KEY_MISMATCH", "has another key than the one that this role was given for it");
  }

  #fail(code: ErrorCode, problem: string): void {
    const { address } = this.#endpoint;
    const { role } = this.#options;
    const message = `The peer at ${JSON.stringify(address)} ${problem}`;
    this.#socket.close();
    clearTimeout(this.#reconnectTimer);
    this.#handler.onFailed(new PipelineError(code, message, { role, endpoint: address }));
  }
}
