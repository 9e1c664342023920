import { encodeMessage } from "../../protocol/wire/codec.ts";
import { Fifo } from "../../structures/fifo.ts";
import { CLOSE_MS } from "../transport.ts";
import { ASK_BYTES, type Entry, Outflow } from "./outflow.ts";

/** Wait before a peer whose pipe was full is tried again, in ms. */
const RETRY_MS = 5;

/** How often a peer that has not confirmed what it was sent is asked again, in ms. */
const ASK_AGAIN_MS = 1000;

/** Smaller messages are not counted: ZeroMQ takes 2,000 messages for each connection, 32 MiB of such. */
const COUNTED_BYTES = 16 * 1024;

/** Most bytes that wait for one peer, and for all. The peer that is over it counts as gone, so that it cannot fill the memory. */
const MAX_PEER_BYTES = 512 * 1024 * 1024;
const MAX_TOTAL_BYTES = 4 * 1024 * 1024 * 1024;

/** Most bytes that ZeroMQ may keep for peers that count as gone. With more, all connections are ended. */
const MAX_ABANDONED_BYTES = 1024 * 1024 * 1024;

/** What a ZeroMQ socket needs to have for a {@link SendQueue}. */
export interface SendingSocket {
  send(frames: Uint8Array[]): Promise<void>;
  readonly closed: boolean;
}

export interface SendQueueHandler {
  /** A connection has ended. */
  gone(connection: string): void;
  /** A peer does not read: too much waits for it. */
  stalled(connection: string): void;
  /** ZeroMQ keeps too much for peers that do not read. */
  overrun(): void;
  /** The frames of a question for a connection; absent: peers are not asked what they have read. */
  frames?(connection: string, sync: Uint8Array[]): Uint8Array[];
}

/**
 * The only writer of a socket, which takes one send at a time. The socket must have `sendTimeout: 0`, so that a send ends at
 * once: done, peer gone, or pipe full. A peer that does not read holds back its own connection's messages, in order, and no other's.
 */
export class SendQueue {
  readonly #socket: SendingSocket;
  readonly #handler: SendQueueHandler;
  readonly #queue = new Fifo<Entry>();
  /** Questions, each right behind the message that made it due. */
  readonly #questions = new Fifo<Entry>();
  /** The connections that have been sent something large, or for which something waits. */
  readonly #outflows = new Map<string, Outflow>();
  /** Those whose messages may be sent again. */
  readonly #released = new Fifo<Outflow>();
  #totalBytes = 0;
  #abandonedBytes = 0;
  /** What the socket is sending. */
  #current: Entry | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #askTimer: NodeJS.Timeout | undefined;
  readonly #sent = () => {
    const entry = this.#current as Entry;
    this.#current = undefined;
    if (entry.bytes >= COUNTED_BYTES) this.#count(entry);
    if (entry.question !== undefined) this.#outflows.get(entry.connection)?.wasAsked(entry.question);
    this.#next();
  };
  readonly #failed = (error: unknown) => {
    const entry = this.#current as Entry;
    this.#current = undefined;
    const { code } = error as NodeJS.ErrnoException;
    if (!this.#socket.closed) {
      // EBUSY: the socket is being unbound, for a moment.
      if (code === "EAGAIN" || code === "EBUSY") this.#stall(entry);
      else this.#lose(entry.connection);
    }
    this.#next();
  };

  constructor(socket: SendingSocket, handler: SendQueueHandler) {
    this.#socket = socket;
    this.#handler = handler;
  }

  push(connection: string, frames: Uint8Array[]): void {
    let bytes = 0;
    for (const frame of frames) bytes += frame.length;
    this.#queue.push({ connection, frames, bytes });
    this.#next();
  }

  /** A peer says that it has read all that came before a question. @returns Whether it was asked. */
  confirm(connection: string, number: number): boolean {
    const outflow = this.#outflows.get(connection);
    if (outflow === undefined) return false;
    const before = outflow.unread;
    if (!outflow.confirm(number)) return false;
    this.#totalBytes -= before - outflow.unread;
    if (outflow.unread >= ASK_BYTES) this.#ask(connection, outflow);
    this.#release(connection, outflow);
    return true;
  }

  /** Waits until everything is handed to ZeroMQ, at most for {@link CLOSE_MS}. */
  async finish(): Promise<void> {
    const deadline = performance.now() + CLOSE_MS;
    while (!this.#isIdle && performance.now() < deadline) {
      const soon = (resolve: () => void) => setTimeout(resolve, RETRY_MS);
      await new Promise<void>(this.#current === undefined ? soon : setImmediate);
    }
    clearTimeout(this.#retryTimer);
    clearInterval(this.#askTimer);
    this.#queue.clear();
    this.#outflows.clear();
  }

  get #isIdle(): boolean {
    if (this.#current !== undefined || this.#queue.size > 0) return false;
    for (const outflow of this.#outflows.values()) if (outflow.isHolding) return false;
    return true;
  }

  /** Callbacks instead of a loop that awaits: a message is on its way before its `push` returns, at half the cost. */
  #next(): void {
    // A callback of the handler may have pushed something, and so have begun the next send already.
    while (this.#current === undefined) {
      const early = this.#questions.shift() ?? this.#takeReleased();
      const entry = early ?? this.#queue.shift();
      if (entry === undefined) return;
      if (early === undefined && this.#hold(entry)) continue;
      this.#current = entry;
      this.#send(entry.frames).then(this.#sent, this.#failed);
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

  #takeReleased(): Entry | undefined {
    for (let outflow = this.#released.peek(); outflow !== undefined; outflow = this.#released.peek()) {
      const entry = outflow.isBlocked ? undefined : outflow.take();
      if (entry !== undefined) {
        this.#totalBytes -= entry.bytes;
        return entry;
      }
      this.#released.shift();
    }
    return undefined;
  }

  /** @returns Whether the message waits behind others of its connection. */
  #hold(entry: Entry): boolean {
    const outflow = this.#outflows.get(entry.connection);
    if (outflow === undefined || !(outflow.isBlocked || outflow.isHolding)) return false;
    outflow.hold(entry);
    this.#grow(entry.connection, outflow, entry.bytes);
    return true;
  }

  /** Counts what ZeroMQ has taken. */
  #count({ connection, bytes }: Entry): void {
    if (this.#handler.frames === undefined) return;
    const outflow = this.#outflow(connection);
    outflow.unread += bytes;
    if (outflow.asked === undefined && outflow.unread >= ASK_BYTES) this.#ask(connection, outflow);
    this.#grow(connection, outflow, bytes);
  }

  #outflow(connection: string): Outflow {
    const known = this.#outflows.get(connection);
    if (known !== undefined) return known;
    const outflow = new Outflow();
    this.#outflows.set(connection, outflow);
    // Also where little is unread: a connection that has ended is forgotten when it is asked.
    this.#askTimer ??= setInterval(() => this.#askAgain(), ASK_AGAIN_MS).unref();
    return outflow;
  }

  #ask(connection: string, outflow: Outflow): void {
    const question = outflow.ask();
    const sync = encodeMessage({ type: "sync", runId: "", number: question });
    const frames = this.#handler.frames?.(connection, sync);
    if (frames !== undefined) this.#questions.push({ connection, frames, bytes: 0, question });
  }

  #askAgain(): void {
    for (const [connection, outflow] of this.#outflows) {
      if (outflow.unread > 0) {
        this.#ask(connection, outflow);
        continue;
      }
      outflow.idle += 1;
      this.#forgetIdle(connection, outflow);
    }
    this.#next();
  }

  #forgetIdle(connection: string, outflow: Outflow): void {
    if (!outflow.isOver) return;
    this.#outflows.delete(connection);
    if (this.#outflows.size > 0) return;
    clearInterval(this.#askTimer);
    this.#askTimer = undefined;
  }

  #release(connection: string, outflow: Outflow): void {
    if (outflow.isHolding) this.#released.push(outflow);
    else this.#forgetIdle(connection, outflow);
    this.#next();
  }

  /** The peer's pipe is full: holds its messages back for a moment. */
  #stall(entry: Entry): void {
    const outflow = this.#outflow(entry.connection);
    outflow.isPipeFull = true;
    // A question is repeated anyway.
    if (entry.question === undefined) {
      outflow.putBack(entry);
      this.#grow(entry.connection, outflow, entry.bytes);
    }
    this.#retryTimer ??= setTimeout(() => this.#retry(), RETRY_MS).unref();
  }

  #retry(): void {
    this.#retryTimer = undefined;
    for (const [connection, outflow] of this.#outflows) {
      if (!outflow.isPipeFull) continue;
      outflow.isPipeFull = false;
      this.#release(connection, outflow);
    }
  }

  #grow(connection: string, outflow: Outflow, bytes: number): void {
    this.#totalBytes += bytes;
    if (outflow.bytes > MAX_PEER_BYTES) this.#abandon(connection, outflow);
    else if (this.#totalBytes > MAX_TOTAL_BYTES) this.#abandonLargest();
  }

  #abandonLargest(): void {
    let largest: readonly [string, Outflow] | undefined;
    for (const one of this.#outflows) if (one[1].bytes > (largest?.[1].bytes ?? 0)) largest = one;
    if (largest !== undefined) this.#abandon(...largest);
  }

  /** A peer does not read: what ZeroMQ has for it stays there until the connection ends. */
  #abandon(connection: string, outflow: Outflow): void {
    this.#abandonedBytes += outflow.unread;
    this.#forget(connection);
    this.#handler.stalled(connection);
    if (this.#abandonedBytes > MAX_ABANDONED_BYTES) this.#handler.overrun();
  }

  #lose(connection: string): void {
    this.#forget(connection);
    this.#handler.gone(connection);
  }

  /** Drops all that waits for a connection. */
  #forget(connection: string): void {
    const outflow = this.#outflows.get(connection);
    if (outflow === undefined) return;
    this.#outflows.delete(connection);
    this.#totalBytes -= outflow.bytes;
    while (outflow.take() !== undefined);
  }
}
