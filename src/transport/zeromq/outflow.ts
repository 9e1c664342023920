import { randomBytes } from "node:crypto";
import { Fifo } from "../../structures/fifo.ts";

/** Unconfirmed bytes from which on a peer is asked to confirm what it has read. */
export const ASK_BYTES = 4 * 1024 * 1024;

/** Most unconfirmed bytes of a connection that ZeroMQ has, beyond one message. What comes after waits in the {@link SendQueue}. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;

/** A message for one connection. */
export interface Entry {
  readonly connection: string;
  readonly frames: Uint8Array[];
  readonly bytes: number;
}

/**
 * What a connection has been sent and has not confirmed, and what waits for it. ZeroMQ does not tell what a peer has read, and bounds the number of the
 * messages that wait for it, but not their bytes. So the peer is asked with `sync`, and confirms with the same number what it has read before.
 */
export class Outflow {
  /** Bytes that ZeroMQ has, or that are on their way. */
  unread = 0;
  heldBytes = 0;
  /** ZeroMQ takes no more messages for the connection just now. */
  isPipeFull = false;
  /** The question that is not answered, and how many bytes its answer confirms. A number that cannot be guessed: a peer could claim to have read. */
  asked: { readonly number: number; readonly bytes: number } | undefined;
  /** The number of the last answer. It comes twice where the question was repeated. */
  #answered = -1;
  /** Was handed to ZeroMQ and not taken. */
  #head: Entry | undefined;
  readonly #held = new Fifo<Entry>();

  get bytes(): number {
    return this.unread + this.heldBytes;
  }

  get isHolding(): boolean {
    return this.#head !== undefined || this.#held.size > 0;
  }

  get isBlocked(): boolean {
    return this.isPipeFull || this.unread > MAX_UNREAD_BYTES;
  }

  hold(entry: Entry): void {
    this.#held.push(entry);
    this.heldBytes += entry.bytes;
  }

  /** Holds a message in front of all others. */
  putBack(entry: Entry): void {
    this.#head = entry;
    this.heldBytes += entry.bytes;
  }

  take(): Entry | undefined {
    const entry = this.#head ?? this.#held.shift();
    this.#head = undefined;
    if (entry !== undefined) this.heldBytes -= entry.bytes;
    return entry;
  }

  /** @returns The number of the question that the peer is to answer. */
  ask(): number {
    this.asked ??= { number: randomBytes(6).readUIntBE(0, 6), bytes: this.unread };
    return this.asked.number;
  }

  /** @returns Whether the peer was asked with this number. */
  confirm(number: number): boolean {
    if (number === this.#answered) return true;
    if (this.asked?.number !== number) return false;
    this.unread -= this.asked.bytes;
    this.asked = undefined;
    this.#answered = number;
    return true;
  }
}
