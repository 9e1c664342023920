/**
 * Work that one batch worker should hold, in ms: as long as three flushes of its results, so that one batch travels while the next
 * one fills. Items that idle workers could execute meanwhile are recalled.
 */
export const DEFAULT_WINDOW_TIME = 300;

/** Weight of the newest measurement. */
const WEIGHT = 0.4;

/** Most growth per measurement, as a factor: how fast the first items of a process are says little. */
const MAX_GROWTH = 4;

/** The same for a window that begins with more than one item per slot: of a short run, the first worker takes less before others are heard of. */
const MAX_GROWTH_AHEAD = 2;

/** Most items a worker holds, whatever their speed: about two batches in each direction and those whose ACK is on its way. */
export const DEFAULT_MAX_WINDOW = 8192;

/** Most bytes of items or results a worker holds. One item may be larger. */
export const DEFAULT_WINDOW_BYTES = 16 * 1024 * 1024;

export interface WindowLimits {
  readonly maxWindow: number;
  readonly windowBytes: number;
  /** Work that a worker should hold, in ms. */
  readonly windowTimeMs: number;
}

/**
 * How many items one worker may hold (granted and not yet ACKed). The size follows from measurements: as many items as fill the
 * target time; one per execution slot while items take long or nothing is measured yet.
 */
export class Window {
  readonly #limits: WindowLimits;
  readonly #slots: number;
  readonly #maxGrowth: number;
  /** Handler time per item in ms. */
  #serviceMs: number | undefined;
  /** Result bytes per item. */
  #bytes = 0;
  size: number;

  /**
   * @param slots - How many items the worker executes at once.
   * @param firstPerSlot - How many items for each slot it has before anything is measured.
   */
  constructor(slots: number, limits: WindowLimits, firstPerSlot = 1) {
    this.#limits = limits;
    this.#slots = slots;
    this.#maxGrowth = firstPerSlot > 1 ? MAX_GROWTH_AHEAD : MAX_GROWTH;
    this.size = this.#clamp(slots * firstPerSlot);
  }

  get isMeasured(): boolean {
    return this.#serviceMs !== undefined;
  }

  /** Handler time per item in ms; 0 before the first measurement. */
  get serviceMs(): number {
    return this.#serviceMs ?? 0;
  }

  /**
   * @param busyMs - Handler time of `count` items.
   * @param bytes - Bytes of their results.
   * @param mayGrow - Whether more items wait.
   */
  observe(busyMs: number, bytes: number, count: number, mayGrow = true): void {
    if (count < 1) return;
    const serviceMs = busyMs / count;
    const before = this.#serviceMs ?? serviceMs;
    this.#serviceMs = before + WEIGHT * (serviceMs - before);
    this.#bytes += WEIGHT * (bytes / count - this.#bytes);
    const perSlot = Math.max(1, Math.floor(this.#limits.windowTimeMs / Math.max(this.#serviceMs, 0.001)));
    const byBytes = Math.floor(this.#limits.windowBytes / Math.max(this.#bytes, 1));
    const reach = mayGrow ? this.size * this.#maxGrowth : this.size;
    this.size = this.#clamp(Math.min(perSlot * this.#slots, byBytes, reach));
  }

  /** Halves the window, down to one item per slot: nothing waits, so no worker needs items that it does not execute yet. */
  shrink(): void {
    this.size = this.#clamp(Math.max(this.#slots, this.size >> 1));
  }

  /** Goes back to one item per slot, until the next measurement. */
  reset(): void {
    this.size = this.#clamp(this.#slots);
  }

  #clamp(size: number): number {
    return Math.max(1, Math.min(size, this.#limits.maxWindow));
  }
}
