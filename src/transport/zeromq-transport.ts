import { lookup } from "node:dns/promises";
import { createRequire } from "node:module";
import type * as zmq from "zeromq";
import { PipelineError } from "../errors.ts";
import { ProtocolError } from "../protocol/byte-reader.ts";
import { decodeMessage, encodeMessage, VersionError } from "../protocol/codec.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { MAX_FRAME_BYTES } from "../protocol/limits.ts";
import type { Message } from "../protocol/message.ts";
import { bindIpcPath, releaseIpcPath } from "./ipc-path.ts";
import { SendQueue } from "./send-queue.ts";
import { hasSpareDescriptors } from "./spare-descriptors.ts";
import type { Link, LinkHandler, Listener, ListenerHandler, Transport } from "./transport.ts";

/**
 * How long a closed socket may go on delivering, in ms. What must arrive is confirmed before a role closes; this is for the
 * goodbyes, and short, because the process cannot end before.
 */
const LINGER_MS = 200;

/**
 * All options are set when a socket is made: later ones miss the connections that exist. libzmq's I/O thread answers the
 * heartbeats, so that a busy event loop does not end a connection, and a stopped process does.
 */
const OPTIONS = {
  sendTimeout: 0,
  linger: LINGER_MS,
  heartbeatInterval: 400,
  heartbeatTimeout: 1600,
  handshakeInterval: 5000,
  maxMessageSize: MAX_FRAME_BYTES,
  // Without a ZAP domain libzmq falls back to ZMTP 1.0 for peers that are no ZeroMQ at all.
  zapDomain: "zmqpipeline",
} as const;

/** Messages per connection that ZeroMQ queues. The windows keep far below it; a stalled peer's wait in the `SendQueue`. */
const HIGH_WATER_MARK = 2000;

/** Shortest and longest wait before libzmq connects again, in ms: a role that starts late is found soon. */
const RECONNECT_MS = 50;
const MAX_RECONNECT_MS = 250;

/** How long nobody is let in after a connection could not be accepted, in ms. */
const PAUSE_MS = 1000;

/**
 * Loaded when the first socket is opened, and so never in the threads of a pool, which import this library too: a thread that
 * ends while the addon is being loaded takes the whole process with it.
 */
let loaded: typeof zmq | undefined;
function zeromq(): typeof zmq {
  loaded ??= createRequire(import.meta.url)("zeromq") as typeof zmq;
  return loaded;
}

/** `tcp://` and `ipc://` over libzmq. */
export const zeromqTransport: Transport = {
  async listen(endpoint, handler) {
    const { Router } = zeromq();
    const socket = new Router({
      ...OPTIONS,
      mandatory: true,
      sendHighWaterMark: HIGH_WATER_MARK,
      receiveHighWaterMark: HIGH_WATER_MARK,
      ipv6: endpoint.bindAddress.includes("["),
    });
    try {
      await bind(socket, endpoint);
    } catch (error) {
      socket.close();
      throw error;
    }
    return new ZeromqListener(socket, endpoint, handler);
  },

  connect(endpoint, handler) {
    const { Dealer } = zeromq();
    const socket = new Dealer({
      ...OPTIONS,
      immediate: true,
      sendHighWaterMark: HIGH_WATER_MARK,
      receiveHighWaterMark: HIGH_WATER_MARK,
      reconnectInterval: RECONNECT_MS,
      reconnectMaxInterval: MAX_RECONNECT_MS,
      ipv6: endpoint.connectAddress.includes("["),
    });
    return new ZeromqLink(socket, endpoint, handler);
  },
};

class ZeromqListener implements Listener {
  readonly #socket: zmq.Router;
  readonly #endpoint: EndpointAddress;
  readonly #handler: ListenerHandler;
  readonly #queue: SendQueue;
  readonly #routingIds = new Map<string, Buffer>();
  /** Nobody is let in just now. */
  #isPaused = false;

  constructor(socket: zmq.Router, endpoint: EndpointAddress, handler: ListenerHandler) {
    this.#socket = socket;
    this.#endpoint = endpoint;
    this.#handler = handler;
    this.#queue = new SendQueue(socket, (connection) => this.#gone(connection));
    void watch(socket, (event, detail) => {
      if (event === "disconnect") handler.onSomeDisconnected();
      else if (event === "accept:error") this.#cannotAccept(detail);
    });
    // Later: a peer may have sent something already, and could not be answered before listen() has returned.
    setImmediate(() => void read(socket, (frames) => this.#receive(frames)));
  }

  send(connection: string, message: Message): void {
    const id = this.#routingIds.get(connection);
    if (id === undefined) queueMicrotask(() => this.#handler.onDisconnected(connection));
    else this.#queue.push(connection, [id, ...encodeMessage(message)]);
  }

  async close(): Promise<void> {
    if (this.#socket.closed) return;
    await this.#queue.finish();
    this.#socket.close();
    if (this.#endpoint.scheme === "ipc") await releaseIpcPath(ipcPath(this.#endpoint));
  }

  /**
   * Mostly for want of file descriptors. libzmq tries again without a pause and tells of each time, which leaves no time for
   * anything else: so nobody is let in for a while, and those who are connected are served.
   */
  #cannotAccept(detail: string): void {
    if (this.#isPaused || this.#endpoint.scheme !== "tcp") return;
    this.#isPaused = true;
    this.#handler.onRefused(`a connection cannot be accepted${detail}; are there too few file descriptors?`);
    const bound = this.#socket.lastEndpoint ?? "";
    // Not `unbindSync`, which in zeromq 6.8 binds. Meanwhile the socket can neither send nor receive.
    this.#socket.unbind(bound).then(
      () => this.#bindLater(bound),
      (error: unknown) => this.#handler.onRefused(`the endpoint cannot be unbound: ${String(error)}`),
    );
  }

  #bindLater(bound: string): void {
    const timer = setTimeout(() => {
      if (this.#socket.closed) return;
      if (!hasSpareDescriptors()) return this.#bindLater(bound);
      try {
        this.#socket.bindSync(bound);
        this.#isPaused = false;
      } catch (error) {
        this.#handler.onRefused(`the endpoint cannot be bound again: ${String(error)}`);
        this.#bindLater(bound);
      }
    }, PAUSE_MS);
    timer.unref();
  }

  #receive([id, ...frames]: Buffer[]): void {
    if (id === undefined) return;
    const connection = id.toString("latin1");
    const message = decode(frames, this.#handler.onRefused, (refuse) => {
      this.#queue.push(connection, [id, ...encodeMessage(refuse)]);
    });
    if (message === undefined) return;
    if (!this.#routingIds.has(connection)) this.#routingIds.set(connection, Buffer.from(id));
    this.#handler.onMessage(connection, message);
  }

  #gone(connection: string): void {
    if (this.#routingIds.delete(connection)) this.#handler.onDisconnected(connection);
  }
}

/** The only connection of a link, as its send queue calls it. */
const PEER = "peer";

class ZeromqLink implements Link {
  readonly #socket: zmq.Dealer;
  readonly #queue: SendQueue;
  #connected = false;

  constructor(socket: zmq.Dealer, endpoint: EndpointAddress, handler: LinkHandler) {
    this.#socket = socket;
    this.#queue = new SendQueue(socket, () => {});
    void watch(socket, (event, detail) => {
      if (event === "handshake" && !this.#connected) {
        this.#connected = true;
        handler.onConnected();
      } else if (event === "disconnect" && this.#connected) {
        this.#connected = false;
        handler.onDisconnected();
      } else if (event.startsWith("handshake:error")) {
        handler.onRefused(`${event}${detail}`);
      }
    });
    void read(socket, (frames) => {
      const message = decode(frames, handler.onRefused, (refuse) => this.send(refuse));
      if (message !== undefined) handler.onMessage(message);
    });
    socket.connect(endpoint.connectAddress);
  }

  send(message: Message): void {
    if (this.#connected) this.#queue.push(PEER, encodeMessage(message));
  }

  async close(): Promise<void> {
    if (this.#socket.closed) return;
    if (this.#connected) await this.#queue.finish();
    this.#connected = false;
    this.#socket.close();
  }
}

/** Hands over what arrives until the socket is closed. */
async function read(socket: zmq.Router | zmq.Dealer, receive: (frames: Buffer[]) => void): Promise<void> {
  while (!socket.closed) {
    let frames: Buffer[];
    try {
      frames = await socket.receive();
    } catch (error) {
      if (socket.closed) return;
      if ((error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
      await new Promise(setImmediate); // it is being unbound
      continue;
    }
    receive(frames);
  }
}

async function watch(
  socket: zmq.Router | zmq.Dealer,
  notice: (event: string, detail: string) => void,
): Promise<void> {
  for await (const event of socket.events) {
    if (socket.closed) return;
    notice(event.type, "error" in event && event.error instanceof Error ? `: ${event.error.message}` : "");
  }
}

function decode(
  frames: Buffer[],
  refused: (reason: string) => void,
  answer: (refuse: Message) => void,
): Message | undefined {
  try {
    return decodeMessage(frames);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    refused(error.message);
    // The other side reads our version in the envelope, and says the same.
    if (error instanceof VersionError) answer({ type: "refuse", runId: "", reason: error.message });
    return undefined;
  }
}

async function bind(socket: zmq.Router, endpoint: EndpointAddress): Promise<void> {
  try {
    if (endpoint.scheme === "ipc")
      await bindIpcPath(ipcPath(endpoint), () => socket.bind(endpoint.bindAddress));
    else await socket.bind(await bindable(endpoint));
  } catch (error) {
    if (error instanceof PipelineError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const name = JSON.stringify(endpoint.address);
    const facts = { endpoint: endpoint.address, cause: error };
    if (code === "EADDRINUSE") {
      throw new PipelineError(
        "ADDRESS_IN_USE",
        `Endpoint ${name} is bound by another process or role`,
        facts,
      );
    }
    const reason = REASONS[code ?? ""] ?? String(code ?? error);
    throw new PipelineError("BIND_FAILED", `Endpoint ${name} cannot be bound: ${reason}`, facts);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: "the address belongs to no interface of this machine",
  EACCES: "permission denied",
  ENOENT: "the directory does not exist",
  ENODEV: "the address belongs to no interface of this machine",
  ENOTFOUND: "the host name is not known",
};

/** libzmq binds addresses, not names. */
async function bindable(endpoint: EndpointAddress): Promise<string> {
  const [, host, port] = /^tcp:\/\/(.+):(\d+)$/.exec(endpoint.bindAddress) ?? [];
  if (host === undefined || !/[a-z_]/i.test(host) || host.startsWith("[")) return endpoint.bindAddress;
  const { address, family } = await lookup(host, { family: 4 });
  return family === 6 ? `tcp://[${address}]:${port}` : `tcp://${address}:${port}`;
}

function ipcPath(endpoint: EndpointAddress): string {
  return endpoint.bindAddress.slice("ipc://".length);
}
