import { randomBytes } from "node:crypto";
import { Fifo } from "../../structures/fifo.ts";

/** Unconfirmed bytes from which on a peer is asked to confirm what it has read. */
export const ASK_BYTES = 4 * 1024 * 1024;

/** Most unconfirmed bytes of a connection that ZeroMQ has, beyond one message. What comes after waits in the {@link SendQueue}. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;

/** How often nothing may be unread before late answers are not waited for. */
const MAX_IDLE = 60;

/** A message for one connection. */
export interface Entry {
  readonly connection: string;
  readonly frames: Uint8Array[];
  readonly bytes: number;
  /** The number of the question, if it is one. */
  readonly question?: number;
}

/** What a peer is asked. */
interface Question {
  /** It cannot be guessed: a peer could claim to have read what it has not. */
  readonly number: number;
  /** How often it was asked and is not answered. */
  owed: number;
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
  /** The question that is not answered, and how many bytes its answer confirms. */
  asked: (Question & { readonly bytes: number }) | undefined;
  /** The question that was answered last. Each time that it was repeated is answered as well. */
  #answered: Question | undefined;
  /** How often nothing was unread when peers were asked, since this one was. */
  idle = 0;
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
    this.idle = 0;
    this.asked ??= { number: randomBytes(6).readUIntBE(0, 6), owed: 0, bytes: this.unread };
    return this.asked.number;
  }

  /** ZeroMQ has taken a question. */
  wasAsked(number: number): void {
    for (const question of [this.asked, this.#answered]) if (question?.number === number) question.owed += 1;
  }

  /** @returns Whether the peer was asked with this number, and has not answered as often. */
  confirm(number: number): boolean {
    const question = [this.#answered, this.asked].find((one) => one?.number === number);
    if (question === undefined || question.owed === 0) return false;
    question.owed -= 1;
    if (question !== this.asked) return true;
    this.unread -= this.asked.bytes;
    this.#answered = question;
    this.asked = undefined;
    return true;
  }

  /** Whether nothing is to be remembered of the connection. An answer that does not come for long is not waited for. */
  get isOver(): boolean {
    if (this.unread > 0 || this.isHolding || this.isPipeFull) return false;
    return (this.#answered?.owed ?? 0) === 0 || this.idle > MAX_IDLE;
  }
}
