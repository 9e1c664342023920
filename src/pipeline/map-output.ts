import type { Remainder } from "../distributor/item-iterator.ts";
import { itemNumber } from "../protocol/generation.ts";
import { Fifo } from "../structures/fifo.ts";

/** The outcome of one input. A result stays encoded until it is taken, so that its size in memory is known. */
export type Outcome =
  | (ArrivedItem & { readonly ok: true; readonly payload: Uint8Array })
  | (ArrivedItem & { readonly ok: false; readonly index: number; readonly reason: Error });

interface ArrivedItem {
  /** The number of the item in its task, whatever its generation. Inputs that were left out have none, so it may differ from the input's index. */
  readonly seq: number;
  /** Called when the loop has done with the outcome. */
  readonly done?: () => void;
}

export interface MapLimits {
  readonly isOrdered: boolean;
  /** Most inputs that are pulled and whose outcomes are not yet taken. */
  readonly maxPending: number;
  /** Most bytes of outcomes that wait, and of inputs that are not yet executed. */
  readonly maxPendingBytes: number;
  /** How many inputs all workers execute at once. */
  readonly slots: number;
}

/** Weight of the newest result in the mean size. */
const WEIGHT = 0.2;

/** Memory that an outcome takes beside its payload, in bytes. */
const OVERHEAD_BYTES = 128;

/** A payload is copied if it would keep a message in memory that is larger than this, in bytes, and at least twice its size. */
const SMALL_MESSAGE_BYTES = 64 * 1024;

/**
 * Keeps outcomes between the collector and the loop over results: in the order of the inputs, or of arrival. It also decides, by the
 * number of inputs and by bytes, whether more inputs may be pulled. Inputs that workers have will produce results; where there are more
 * of them than are executed at once, their results are counted in advance, by the mean size of earlier results.
 */
export class MapOutput {
  readonly #limits: MapLimits;
  /** Outcomes by number, in the order of their arrival. */
  readonly #outcomes = new Map<number, Outcome>();
  /** Sizes of encoded inputs without an outcome, in bytes, by number. */
  readonly #inputs = new Map<number, number>();
  #waitingBytes = 0;
  #inputBytes = 0;
  #meanBytes = 0;
  #pulled = 0;
  /** Items that were produced in an earlier life of the run, and whose outcomes come in this one. */
  readonly #earlier = new Fifo<number>();
  /** The number of the next item. */
  #nextNumber = 0;
  /** The number of the item of this life whose outcome is taken next, where outcomes are in order. */
  #nextTaken = 0;
  /** Items that were produced and whose outcomes are not taken. */
  #open = 0;
  #ended = false;

  constructor(limits: MapLimits) {
    this.#limits = limits;
  }

  push(outcome: Outcome): void {
    if (this.#ended) return;
    this.#inputBytes -= this.#inputs.get(outcome.seq) ?? 0;
    this.#inputs.delete(outcome.seq);
    const kept = outcome.ok ? { ...outcome, payload: ownBytes(outcome.payload) } : outcome;
    const bytes = sizeOf(kept);
    this.#meanBytes += WEIGHT * (bytes - this.#meanBytes);
    this.#waitingBytes += bytes;
    this.#outcomes.set(outcome.seq, kept);
  }

  /** Drops the outcomes that wait, and all that arrive later. */
  end(): void {
    this.#ended = true;
    this.#outcomes.clear();
    this.#inputs.clear();
  }

  /** Whether another input may be pulled. The outcome that the loop waits for belongs to an input that was pulled before, so this cannot block the run. */
  get hasRoom(): boolean {
    const { maxPending, maxPendingBytes, slots } = this.#limits;
    const open = this.#open;
    if (this.#ended || open >= maxPending || this.#waitingBytes >= maxPendingBytes) return false;
    const underWay = open - this.#outcomes.size;
    if (underWay < slots) return true;
    return this.#waitingBytes + this.#inputBytes + underWay * this.#meanBytes < maxPendingBytes;
  }

  /** A run goes on: before the outcomes of its new items come those of earlier items that are not settled. */
  goOn({ pending, nextNumber }: Pick<Remainder, "pending" | "nextNumber">): void {
    for (const seq of pending) this.#earlier.push(itemNumber(seq));
    this.#open = pending.length;
    this.#nextNumber = nextNumber;
    this.#nextTaken = nextNumber;
  }

  /** Counts an input that is pulled. @returns Its index. */
  pulled(): number {
    return this.#pulled++;
  }

  /** Notes the size of the next input, in bytes. */
  encoded(bytes: number): void {
    const number = this.#nextNumber++;
    this.#inputBytes += bytes - (this.#inputs.get(number) ?? 0);
    this.#inputs.set(number, bytes);
    this.#open += 1;
  }

  /** So many of the inputs that were encoded are left out after all. Sizes are then those of other inputs, which is exact enough. */
  leftOut(count: number): void {
    this.#nextNumber -= count;
    this.#open -= count;
  }

  /** @returns The next outcome; `undefined` while it has not arrived. */
  take(): Outcome | undefined {
    const { isOrdered } = this.#limits;
    const first = isOrdered ? (this.#earlier.peek() ?? this.#nextTaken) : this.#outcomes.keys().next().value;
    const outcome = first === undefined ? undefined : this.#outcomes.get(first);
    if (outcome === undefined) return undefined;
    this.#outcomes.delete(outcome.seq);
    this.#waitingBytes -= sizeOf(outcome);
    this.#open -= 1;
    if (isOrdered && this.#earlier.shift() === undefined) this.#nextTaken += 1;
    return outcome;
  }
}

function sizeOf(outcome: Outcome): number {
  if (outcome.ok) return outcome.payload.length + OVERHEAD_BYTES;
  const { message, stack = "" } = outcome.reason;
  return 2 * (message.length + stack.length) + OVERHEAD_BYTES;
}

/** Copies a payload that would keep a much larger message in memory. */
function ownBytes(payload: Uint8Array): Uint8Array {
  const whole = payload.buffer.byteLength;
  return whole > SMALL_MESSAGE_BYTES && payload.length * 2 < whole ? payload.slice() : payload;
}
