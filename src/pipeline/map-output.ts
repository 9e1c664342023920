/** What became of one input. A result stays encoded until it is taken, so that its size in memory is known. */
export type Outcome =
  | { readonly ok: true; readonly index: number; readonly payload: Uint8Array }
  | { readonly ok: false; readonly index: number; readonly reason: Error };

export interface MapLimits {
  readonly isOrdered: boolean;
  /** Most inputs that are pulled and whose outcomes are not taken. */
  readonly maxPending: number;
  /** Most bytes of outcomes that wait, and of inputs on their way. */
  readonly maxPendingBytes: number;
  /** How many inputs all workers execute at once. */
  readonly slots: number;
}

/** Weight of the newest result in the mean size. */
const WEIGHT = 0.2;

/** What an outcome that waits takes beside its payload, in bytes. */
const OVERHEAD_BYTES = 128;

/** A message of the network is copied out of when a payload is less than half of it; a small one is kept as it is. */
const SMALL_MESSAGE_BYTES = 64 * 1024;

/**
 * What stands between the collector and the loop over results: outcomes in the order of the inputs or as they came. It says whether
 * more inputs may be pulled, by the number of inputs and by bytes. What has been handed out still arrives; so where more inputs
 * are under way than are executed, the results that they will have are counted as well, by the mean of those before.
 */
export class MapOutput {
  readonly #limits: MapLimits;
  /** By index, in the order of their arrival. */
  readonly #outcomes = new Map<number, Outcome>();
  /** Encoded inputs that are under way, by index. */
  readonly #inputs = new Map<number, number>();
  #waitingBytes = 0;
  #inputBytes = 0;
  #meanBytes = 0;
  #pulled = 0;
  #encoded = 0;
  #taken = 0;
  #ended = false;

  constructor(limits: MapLimits) {
    this.#limits = limits;
  }

  push(outcome: Outcome): void {
    if (this.#ended) return;
    this.#inputBytes -= this.#inputs.get(outcome.index) ?? 0;
    this.#inputs.delete(outcome.index);
    const kept = outcome.ok ? { ...outcome, payload: ownBytes(outcome.payload) } : outcome;
    const bytes = sizeOf(kept);
    this.#meanBytes += WEIGHT * (bytes - this.#meanBytes);
    this.#waitingBytes += bytes;
    this.#outcomes.set(outcome.index, kept);
  }

  /** Forgets what waits, and takes nothing more. */
  end(): void {
    this.#ended = true;
    this.#outcomes.clear();
    this.#inputs.clear();
  }

  /** Whether another input may be pulled. What everybody waits for has been pulled before, so this never stops all. */
  get hasRoom(): boolean {
    const { maxPending, maxPendingBytes, slots } = this.#limits;
    const open = this.#pulled - this.#taken;
    if (this.#ended || open >= maxPending || this.#waitingBytes >= maxPendingBytes) return false;
    const underWay = open - this.#outcomes.size;
    if (underWay < slots) return true;
    return this.#waitingBytes + this.#inputBytes + underWay * this.#meanBytes < maxPendingBytes;
  }

  /** Counts the inputs. @returns The place of the one that is pulled now. */
  pulled(): number {
    return this.#pulled++;
  }

  encoded(bytes: number): void {
    this.#inputs.set(this.#encoded++, bytes);
    this.#inputBytes += bytes;
  }

  /** @returns The next outcome that is due; nothing while it has not arrived. */
  take(): Outcome | undefined {
    const [first] = this.#limits.isOrdered ? [this.#taken] : this.#outcomes.keys();
    const outcome = first === undefined ? undefined : this.#outcomes.get(first);
    if (outcome === undefined) return undefined;
    this.#outcomes.delete(outcome.index);
    this.#waitingBytes -= sizeOf(outcome);
    this.#taken += 1;
    return outcome;
  }
}

function sizeOf(outcome: Outcome): number {
  if (outcome.ok) return outcome.payload.length + OVERHEAD_BYTES;
  const { message, stack = "" } = outcome.reason;
  return 2 * (message.length + stack.length) + OVERHEAD_BYTES;
}

/** A result that came with others must not keep all of them in memory. */
function ownBytes(payload: Uint8Array): Uint8Array {
  const whole = payload.buffer.byteLength;
  return whole > SMALL_MESSAGE_BYTES && payload.length * 2 < whole ? payload.slice() : payload;
}
