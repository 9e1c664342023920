import { Fifo } from "../../structures/fifo.ts";

/** Most that one connection may have sent ahead of what its role handles, beyond what any honest peer has under way. */
const MAX_MESSAGES = 65_536;
const MAX_BYTES = 256 * 1024 * 1024;

/** Most bytes of all connections that wait to be handled. */
const MAX_TOTAL_BYTES = 4 * 1024 * 1024 * 1024;

/** What a message takes in memory beside its bytes. */
const MESSAGE_BYTES = 512;

interface Waiting {
  count: number;
  bytes: number;
}

/**
 * Messages that were taken from a ROUTER socket and are not handled yet. They are taken ahead where a role is behind, so that it is known
 * which peer sends more than it is told about: ZeroMQ neither tells what waits for a role nor bounds its bytes.
 */
export class Intake {
  readonly #messages = new Fifo<Buffer[]>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #onFlood: (routingId: Buffer) => void;
  readonly #isUnheard: (routingId: Buffer) => boolean;
  #bytes = 0;

  /**
   * @param onFlood - Called with the peer that has sent too much; what waits of it is gone by then.
   * @param isUnheard - Whether a peer's messages are to be dropped.
   */
  constructor(onFlood: (routingId: Buffer) => void, isUnheard: (routingId: Buffer) => boolean) {
    this.#onFlood = onFlood;
    this.#isUnheard = isUnheard;
  }

  get size(): number {
    return this.#messages.size;
  }

  push(frames: Buffer[]): void {
    const [routingId] = frames;
    if (routingId === undefined || this.#isUnheard(routingId)) return;
    const key = routingId.toString("latin1");
    const bytes = bytesOf(frames);
    const own = this.#waiting.get(key) ?? { count: 0, bytes: 0 };
    own.count += 1;
    own.bytes += bytes;
    this.#bytes += bytes;
    this.#waiting.set(key, own);
    this.#messages.push(frames);
    if (own.count > MAX_MESSAGES || (own.bytes > MAX_BYTES && own.count > 1)) this.#drop(routingId, key);
    else if (this.#bytes > MAX_TOTAL_BYTES) this.#dropLargest();
  }

  shift(): Buffer[] | undefined {
    const frames = this.#messages.shift();
    const key = frames?.[0]?.toString("latin1") ?? "";
    const own = this.#waiting.get(key);
    if (frames === undefined || own === undefined) return frames;
    const bytes = bytesOf(frames);
    own.count -= 1;
    own.bytes -= bytes;
    this.#bytes -= bytes;
    if (own.count === 0) this.#waiting.delete(key);
    return frames;
  }

  #dropLargest(): void {
    let [largest, most] = ["", 0];
    for (const [key, { bytes }] of this.#waiting) if (bytes > most) [largest, most] = [key, bytes];
    this.#drop(Buffer.from(largest, "latin1"), largest);
  }

  #drop(routingId: Buffer, key: string): void {
    this.#bytes -= this.#waiting.get(key)?.bytes ?? 0;
    this.#waiting.delete(key);
    this.#messages.filter(([id]) => id === undefined || !id.equals(routingId));
    this.#onFlood(routingId);
  }
}

function bytesOf(frames: Buffer[]): number {
  return frames.reduce((sum, frame) => sum + frame.length, MESSAGE_BYTES);
}
