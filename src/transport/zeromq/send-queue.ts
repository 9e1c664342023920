import { Fifo } from "../../structures/fifo.ts";
import { CLOSE_MS } from "../transport.ts";

/** Wait before a peer whose pipe was full is tried again, in ms. */
const RETRY_MS = 5;

/** What a ZeroMQ socket needs to have for a {@link SendQueue}. */
export interface SendingSocket {
  send(frames: Uint8Array[]): Promise<void>;
  readonly closed: boolean;
}

/** Most bytes that wait for one peer that does not read. With more, the peer is treated as gone, so that it cannot fill the memory. */
const MAX_STALLED_BYTES = 64 * 1024 * 1024;

interface Entry {
  readonly connection: string;
  readonly frames: Uint8Array[];
}

/**
 * The only writer of a socket, which takes one send at a time. The socket must have `sendTimeout: 0`, so that a send ends at
 * once: done, peer gone, or pipe full. A full pipe holds back its own connection's messages, in order, and no other's.
 */
export class SendQueue {
  readonly #socket: SendingSocket;
  readonly #onGone: (connection: string) => void;
  #queue = new Fifo<Entry>();
  #stalled: Entry[] = [];
  /** Connections whose pipe is full, and how many bytes wait for them. */
  readonly #full = new Map<string, number>();
  /** What the socket is sending. */
  #current: Entry | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #sent = () => {
    this.#current = undefined;
    this.#next();
  };
  readonly #failed = (error: unknown) => {
    const entry = this.#current as Entry;
    this.#current = undefined;
    const { code } = error as NodeJS.ErrnoException;
    if (!this.#socket.closed) {
      // EBUSY: the socket is being unbound, for a moment.
      if (code === "EAGAIN" || code === "EBUSY") this.#stall(entry);
      else this.#onGone(entry.connection);
    }
    this.#next();
  };

  constructor(socket: SendingSocket, onGone: (connection: string) => void) {
    this.#socket = socket;
    this.#onGone = onGone;
  }

  push(connection: string, frames: Uint8Array[]): void {
    this.#queue.push({ connection, frames });
    this.#next();
  }

  /** Waits until everything is handed to ZeroMQ, at most for {@link CLOSE_MS}. */
  async finish(): Promise<void> {
    const deadline = performance.now() + CLOSE_MS;
    while (!this.#isIdle && performance.now() < deadline) {
      const soon = (resolve: () => void) => setTimeout(resolve, RETRY_MS);
      await new Promise<void>(this.#current === undefined ? soon : setImmediate);
    }
    clearTimeout(this.#timer);
    this.#queue.clear();
    this.#stalled = [];
  }

  get #isIdle(): boolean {
    return this.#current === undefined && this.#queue.size === 0 && this.#stalled.length === 0;
  }

  /** Callbacks instead of a loop that awaits: a message is on its way before its `push` returns, at half the cost. */
  #next(): void {
    // A callback of #onGone may have pushed something, and so have begun the next send already.
    while (this.#current === undefined) {
      const entry = this.#queue.shift();
      if (entry === undefined) return;
      if (this.#full.has(entry.connection)) {
        this.#hold(entry);
      } else {
        this.#current = entry;
        this.#send(entry.frames).then(this.#sent, this.#failed);
      }
    }
  }

  /** EBUSY is thrown, everything else comes as a rejection. */
  #send(frames: Uint8Array[]): Promise<void> {
    try {
      return this.#socket.send(frames);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #hold(entry: Entry): void {
    const { connection, frames } = entry;
    const bytes = frames.reduce((sum, frame) => sum + frame.length, this.#full.get(connection) ?? 0);
    this.#full.set(connection, bytes);
    this.#stalled.push(entry);
    if (bytes <= MAX_STALLED_BYTES) return;
    this.#stalled = this.#stalled.filter((other) => other.connection !== connection);
    this.#full.delete(connection);
    this.#onGone(connection);
  }

  #stall(entry: Entry): void {
    this.#hold(entry);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const later = this.#queue;
      this.#queue = new Fifo();
      for (const stalled of this.#stalled) this.#queue.push(stalled);
      for (const waiting of later) this.#queue.push(waiting);
      this.#stalled = [];
      this.#full.clear();
      this.#next();
    }, RETRY_MS).unref();
  }
}
