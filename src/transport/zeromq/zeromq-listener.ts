import type * as zmq from "zeromq";
import type { EndpointAddress } from "../../protocol/endpoint-address.ts";
import type { Message } from "../../protocol/message.ts";
import { encodeMessage } from "../../protocol/wire/codec.ts";
import type { Listener, ListenerHandler, ListenOptions } from "../transport.ts";
import { bindSocket } from "./bind-socket.ts";
import { type CurveGuard, guardListener } from "./curve-guard.ts";
import { Intake } from "./intake.ts";
import { ipcPath, releaseIpcPath } from "./ipc-path.ts";
import { readAll } from "./read-frames.ts";
import { SendQueue } from "./send-queue.ts";
import { hasSpareDescriptors } from "./spare-descriptors.ts";
import type { GuardedListener } from "./zap-handler.ts";
import {
  decodeFrames,
  makeObservable,
  PLAIN_OPTIONS,
  SOCKET_OPTIONS,
  type SocketEvent,
  watchEvents,
  zeromq,
} from "./zeromq-socket.ts";

/** How long no peer is let in after a connection could not be accepted, in ms. */
const PAUSE_MS = 1000;

/**
 * Connections that may wait to be accepted; the system may allow fewer. With libzmq's own 100, most of a thousand peers that connect at the same
 * moment are dropped by the system, and try again for longer than a client waits for a service.
 */
const BACKLOG = 4096;

/** Wait before an address is bound again that a closed socket still holds, in ms. */
const REBIND_MS = 20;

let listeners = 0;

/** A bound ROUTER socket. */
export class ZeromqListener implements Listener {
  readonly #endpoint: EndpointAddress;
  readonly #handler: ListenerHandler;
  readonly #options: ListenOptions;
  /** Absent without keys. */
  readonly #guard: CurveGuard | undefined;
  readonly #stopWatching: () => void;
  /** Begins the names of this listener's connections: libzmq's routing ids are unique within a socket only. */
  readonly #prefix = `${++listeners}:`;
  #socket: zmq.Router;
  #queue: SendQueue;
  #connections = 0;
  /** Connections of peers that claimed more than a message may hold, sent more than may wait, or were shunned by the role. */
  readonly #shunned = new Set<string>();
  /** The last event was a failed handshake: the disconnect that follows ends no connection of a peer. */
  #handshakeFailed = false;
  /** The socket is unbound for a moment: no peer can connect. */
  #isPaused = false;
  #isBound = false;
  #isClosed = false;

  static async open(
    endpoint: EndpointAddress,
    handler: ListenerHandler,
    options: ListenOptions,
  ): Promise<ZeromqListener> {
    const keys = endpoint.scheme === "tcp" ? options.keys : undefined;
    const guarded: GuardedListener = {
      hasRoom: () => listener.#connections <= options.maxConnections,
      refused: (reason) => handler.onRefused(reason),
    };
    const guard = keys === undefined ? undefined : await guardListener(keys, guarded);
    const listener: ZeromqListener = new ZeromqListener(endpoint, handler, options, guard);
    try {
      await bindSocket(listener.#socket, endpoint);
      listener.#isBound = true;
      await guard?.assertRefusesStrangers(endpoint, listener.#socket.lastEndpoint ?? "");
    } catch (error) {
      await listener.close();
      throw error;
    }
    listener.#readSoon();
    return listener;
  }

  private constructor(
    endpoint: EndpointAddress,
    handler: ListenerHandler,
    options: ListenOptions,
    guard: CurveGuard | undefined,
  ) {
    this.#endpoint = endpoint;
    this.#handler = handler;
    this.#options = options;
    this.#guard = guard;
    this.#socket = this.#makeSocket();
    this.#queue = this.#serve(this.#socket);
    this.#stopWatching =
      guard?.onRevoked(() => void this.#endAllConnections("a key was revoked")) ?? (() => {});
  }

  owns(connection: string): boolean {
    return connection.startsWith(this.#prefix);
  }

  send(connection: string, message: Message): void {
    this.#queue.push(connection, [this.#routingId(connection), ...encodeMessage(message)]);
  }

  shun(connection: string, reason: string): void {
    if (this.#shunned.has(connection)) return;
    this.#handler.onRefused(`a peer is not heard any more: ${reason}`);
    this.send(connection, { type: "refuse", runId: "", reason });
    this.#shun(connection);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopWatching();
    await this.#queue.finish();
    this.#socket.close();
    this.#guard?.close();
    if (this.#isBound && this.#endpoint.scheme === "ipc") await releaseIpcPath(ipcPath(this.#endpoint));
  }

  #routingId(connection: string): Buffer {
    return Buffer.from(connection.slice(this.#prefix.length), "latin1");
  }

  #makeSocket(): zmq.Router {
    const { Router } = zeromq();
    const options = {
      ...(this.#guard === undefined ? PLAIN_OPTIONS : { ...SOCKET_OPTIONS, ...this.#guard.socketOptions }),
      mandatory: true,
      backlog: BACKLOG,
      ipv6: this.#endpoint.bindAddress.includes("["),
    };
    return makeObservable(() => new Router(options));
  }

  #serve(socket: zmq.Router): SendQueue {
    watchEvents(socket, (event) => {
      if (socket === this.#socket) this.#notice(event);
    });
    return new SendQueue(socket, {
      gone: (connection) => this.#handler.onDisconnected(connection),
      stalled: (connection) => this.shun(connection, UNREAD),
      overrun: () => void this.#endAllConnections(UNREAD),
      frames: (connection, sync) => [this.#routingId(connection), ...sync],
    });
  }

  /** In a later turn: a peer's first message cannot be answered before listen() has returned. */
  #readSoon(): void {
    const [socket, queue] = [this.#socket, this.#queue];
    const intake = new Intake(
      (id) => this.#refuseFlood(queue, id),
      (id) => this.#isShunned(id),
    );
    const receive = (frames: Buffer[]) => this.#receive(queue, frames);
    const overrun = () => {
      this.#handler.onRefused(`${OVERRUN}: all connections were ended`);
      void this.#endAllConnections(OVERRUN);
    };
    setImmediate(() => void readAll(socket, intake, receive, overrun));
  }

  #notice({ type, text, code }: SocketEvent): void {
    const isStranger = this.#handshakeFailed;
    this.#handshakeFailed = type.startsWith("handshake:error");
    if (type === "accept") this.#accepted();
    else if (type === "accept:error") {
      this.#pause(`a connection cannot be accepted: ${text}; are there too few file descriptors?`);
    } else if (type === "disconnect") {
      this.#connections = Math.max(0, this.#connections - 1);
      if (!isStranger) this.#handler.onSomeDisconnected();
    } else if (this.#handshakeFailed && type !== "handshake:error:auth") {
      // Refused keys are reported by the ZAP handler.
      const reason = REASONS[code] ?? `${text} ${code}`.trim();
      this.#handler.onRefused(`a peer did not get through the handshake: ${reason}`);
    }
  }

  #accepted(): void {
    this.#connections += 1;
    // With keys, the ZAP handler refuses surplus peers: connections in their handshake may be many more.
    const most = this.#options.maxConnections * (this.#guard === undefined ? 1 : 2);
    if (this.#connections > most)
      this.#pause(`there are ${this.#connections} connections, more than maxConnections allows`);
  }

  /**
   * Ends all connections for a while, because libzmq cannot do less. Without file descriptors libzmq tries to accept again without
   * a pause and reports each try, which leaves no time for anything else. Peers connect again by themselves.
   */
  #pause(reason: string): void {
    if (this.#isPaused || this.#isClosed) return;
    this.#isPaused = true;
    this.#handler.onRefused(reason);
    const socket = this.#socket;
    // Not `unbindSync`, which in zeromq 6.8 binds. Meanwhile the socket can neither send nor receive.
    socket.unbind(socket.lastEndpoint ?? "").then(
      () => {
        this.#connections = 0; // libzmq does not report their ends
        this.#handler.onSomeDisconnected();
        this.#bindLater(socket);
      },
      (error: unknown) => this.#handler.onRefused(`the endpoint cannot be unbound: ${String(error)}`),
    );
  }

  #bindLater(socket: zmq.Router): void {
    const timer = setTimeout(async () => {
      if (socket !== this.#socket || this.#isClosed) return;
      if (!hasSpareDescriptors()) return this.#bindLater(socket);
      try {
        await bindSocket(socket, this.#endpoint);
        this.#isPaused = false;
      } catch (error) {
        this.#handler.onRefused(`the endpoint cannot be bound again: ${String(error)}`);
        this.#bindLater(socket);
      }
    }, PAUSE_MS);
    timer.unref();
  }

  /** ZeroMQ cannot end one connection, so all end; peers that are still allowed connect again. */
  async #endAllConnections(reason: string): Promise<void> {
    this.#socket.linger = 0;
    this.#socket.close();
    const socket = this.#makeSocket();
    this.#socket = socket;
    this.#connections = 0;
    this.#isPaused = false;
    this.#queue = this.#serve(socket);
    // libzmq frees the address in a thread of its own, which may take a moment.
    while (!this.#isClosed && socket === this.#socket) {
      try {
        await bindSocket(socket, this.#endpoint);
        break;
      } catch (error) {
        this.#handler.onRefused(`the endpoint is to be bound again, because ${reason}: ${String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, REBIND_MS));
      }
    }
    this.#readSoon();
    this.#handler.onSomeDisconnected();
  }

  /** ZeroMQ cannot end one connection: what comes on this one is dropped unread from now on. */
  #shun(connection: string): void {
    this.#shunned.add(connection);
    const [oldest] = this.#shunned;
    if (this.#shunned.size > this.#options.maxConnections && oldest !== undefined)
      this.#shunned.delete(oldest);
    this.#handler.onDisconnected(connection); // what the peer had goes to others
  }

  #isShunned(id: Buffer): boolean {
    const isShunned = this.#shunned.has(this.#prefix + id.toString("latin1"));
    if (isShunned) this.#handler.onRefused(SHUNNED);
    return isShunned;
  }

  #refuseFlood(queue: SendQueue, id: Buffer): void {
    const connection = this.#prefix + id.toString("latin1");
    queue.push(connection, [id, ...encodeMessage({ type: "refuse", runId: "", reason: FLOOD })]);
    this.#handler.onRefused(FLOOD);
    this.#shun(connection);
  }

  #receive(queue: SendQueue, [id, ...frames]: Buffer[]): void {
    if (id === undefined || this.#isShunned(id)) return;
    const connection = this.#prefix + id.toString("latin1");
    const answer = (refuse: Message) => queue.push(connection, [id, ...encodeMessage(refuse)]);
    const message = decodeFrames(frames, this.#handler.onRefused, answer, () => this.#shun(connection));
    if (message === undefined || queue !== this.#queue) return;
    if (message.type === "synced" && queue.confirm(connection, message.number)) return;
    this.#handler.onMessage(connection, message);
  }
}

const UNREAD = "more waits for a peer than may, because it does not read what it is sent";
const SHUNNED = "a peer that is not heard any more has sent a message";
const FLOOD = "a peer has sent more messages than may wait to be handled";
const OVERRUN = "more messages came than can be received";

/** What the ways in which a handshake fails mean to the user. */
const REASONS: Readonly<Record<string, string>> = {
  ERR_ZMTP_MECHANISM_MISMATCH: "one of the two sides has keys, and the other has none",
  ERR_ZMTP_CRYPTOGRAPHIC: "it was given another key for this endpoint than the endpoint has",
};
