import { Fifo } from "../core/fifo.ts";
import { CLOSE_MS } from "./transport.ts";

/** Wait before a peer whose pipe was full is tried again, in ms. */
const RETRY_MS = 5;

/** What a ZeroMQ socket needs to have for a {@link SendQueue}. */
export interface SendingSocket {
  send(frames: Uint8Array[]): Promise<void>;
  readonly closed: boolean;
}

/** What may wait for one peer that does not read, in bytes. More, and it is treated as gone: memory is not its to fill. */
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
  #draining: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: SendingSocket, onGone: (connection: string) => void) {
    this.#socket = socket;
    this.#onGone = onGone;
  }

  push(connection: string, frames: Uint8Array[]): void {
    this.#queue.push({ connection, frames });
    this.#kick();
  }

  /** Waits until everything is handed to ZeroMQ, at most for {@link CLOSE_MS}. */
  async finish(): Promise<void> {
    const deadline = performance.now() + CLOSE_MS;
    while (this.#draining !== undefined && performance.now() < deadline) await this.#draining;
    while (this.#stalled.length > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      await this.#draining;
    }
    clearTimeout(this.#timer);
    this.#queue.clear();
    this.#stalled = [];
  }

  #kick(): void {
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined;
      if (this.#queue.size > 0 && !this.#socket.closed) this.#kick();
    });
  }

  async #drain(): Promise<void> {
    for (let entry = this.#queue.shift(); entry !== undefined; entry = this.#queue.shift()) {
      if (this.#socket.closed) return;
      if (this.#full.has(entry.connection)) this.#hold(entry);
      else await this.#send(entry);
    }
  }

  async #send(entry: Entry): Promise<void> {
    try {
      await this.#socket.send(entry.frames);
    } catch (error) {
      if (this.#socket.closed) return;
      const { code } = error as NodeJS.ErrnoException;
      // EBUSY: the socket is being unbound, for a moment.
      if (code === "EAGAIN" || code === "EBUSY") this.#stall(entry);
      else this.#onGone(entry.connection);
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
      this.#kick();
    }, RETRY_MS).unref();
  }
}
