import { Fifo } from "../../structures/fifo.ts";

/** Most that one connection may have sent ahead of what its role handles, beyond what any honest peer has under way. */
const MAX_MESSAGES = 65_536;
const MAX_BYTES = 256 * 1024 * 1024;

/** Most bytes of all connections that wait to be handled. */
const MAX_TOTAL_BYTES = 4 * 1024 * 1024 * 1024;

/** What a message, and each of its frames, takes in memory beside its bytes. */
const MESSAGE_BYTES = 512;
const FRAME_BYTES = 256;

/** What waits of one connection. */
interface Waiting {
  readonly messages: Fifo<Buffer[]>;
  bytes: number;
}

/**
 * Messages that were taken from a ROUTER socket and are not handled yet. They are taken ahead where a role is behind, so that it is known
 * which peer sends more than it is told about: ZeroMQ neither tells what waits for a role nor bounds its bytes. Connections take turns, so that none waits
 * for all that another has sent.
 */
export class Intake {
  readonly #waiting = new Map<string, Waiting>();
  /** The connections of which something waits, in the order of their turns. One that was dropped may still be here. */
  readonly #turns = new Fifo<string>();
  readonly #onFlood: (routingId: Buffer) => void;
  readonly #isUnheard: (routingId: Buffer) => boolean;
  #bytes = 0;
  #size = 0;

  /**
   * @param onFlood - Called with the peer that has sent too much; what waits of it is gone by then.
   * @param isUnheard - Whether a peer's messages are to be dropped.
   */
  constructor(onFlood: (routingId: Buffer) => void, isUnheard: (routingId: Buffer) => boolean) {
    this.#onFlood = onFlood;
    this.#isUnheard = isUnheard;
  }

  get size(): number {
    return this.#size;
  }

  push(frames: Buffer[]): void {
    const [routingId] = frames;
    if (routingId === undefined || this.#isUnheard(routingId)) return;
    const key = routingId.toString("latin1");
    const bytes = bytesOf(frames);
    const own = this.#waiting.get(key) ?? this.#comes(key);
    own.messages.push(frames);
    own.bytes += bytes;
    this.#bytes += bytes;
    this.#size += 1;
    const { size } = own.messages;
    if (size > MAX_MESSAGES || (own.bytes > MAX_BYTES && size > 1)) this.#drop(key);
    else if (this.#bytes > MAX_TOTAL_BYTES) this.#dropLargest();
  }

  #comes(key: string): Waiting {
    const own = { messages: new Fifo<Buffer[]>(), bytes: 0 };
    this.#waiting.set(key, own);
    this.#turns.push(key);
    return own;
  }

  /** Takes the first message of the connection whose turn it is. */
  shift(): Buffer[] | undefined {
    for (let key = this.#turns.shift(); key !== undefined; key = this.#turns.shift()) {
      const own = this.#waiting.get(key);
      const frames = own?.messages.shift();
      if (own === undefined || frames === undefined) continue;
      const bytes = bytesOf(frames);
      own.bytes -= bytes;
      this.#bytes -= bytes;
      this.#size -= 1;
      if (own.messages.size > 0) this.#turns.push(key);
      else this.#waiting.delete(key);
      return frames;
    }
    return undefined;
  }

  #dropLargest(): void {
    let [largest, most] = ["", 0];
    for (const [key, { bytes }] of this.#waiting) if (bytes > most) [largest, most] = [key, bytes];
    this.#drop(largest);
  }

  /** The connection is not heard any more, so it gets no second turn. */
  #drop(key: string): void {
    const own = this.#waiting.get(key);
    this.#bytes -= own?.bytes ?? 0;
    this.#size -= own?.messages.size ?? 0;
    this.#waiting.delete(key);
    this.#onFlood(Buffer.from(key, "latin1"));
  }
}

function bytesOf(frames: Buffer[]): number {
  return frames.reduce((sum, frame) => sum + frame.length + FRAME_BYTES, MESSAGE_BYTES);
}
