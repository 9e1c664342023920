/**
 * Work that a worker of a batch should hold, in ms: three flushes of its results, so that one is under way while another fills.
 * What others could do meanwhile is recalled.
 */
export const DEFAULT_WINDOW_TIME = 300;

/** Weight of the newest measurement. */
const WEIGHT = 0.4;

/** A window grows at most so many times per measurement: the first items of a process are slow or fast by accident. */
const MAX_GROWTH = 4;

/** Most items a worker holds, whatever their speed: about what two batches in each direction and the ACK's way need. */
export const DEFAULT_MAX_WINDOW = 8192;

/** Most bytes of items or results a worker holds. One item may be larger. */
export const DEFAULT_WINDOW_BYTES = 16 * 1024 * 1024;

export interface WindowLimits {
  readonly maxWindow: number;
  readonly windowBytes: number;
  /** Work that it should hold, in ms. */
  readonly windowTime: number;
}

/**
 * How many items one worker may hold (granted and not yet ACKed), from what was measured of it: as many as take it a
 * target time; one per execution slot while items take long or nothing is known.
 */
export class Window {
  readonly #limits: WindowLimits;
  readonly #slots: number;
  /** Handler time per item in ms. */
  #service: number | undefined;
  /** Result bytes per item. */
  #bytes = 0;
  size: number;

  /** @param slots - How many items the worker executes at once. */
  constructor(slots: number, limits: WindowLimits) {
    this.#limits = limits;
    this.#slots = slots;
    this.size = this.#clamp(slots);
  }

  /** Handler time per item in ms, as far as known. */
  get service(): number {
    return this.#service ?? 0;
  }

  /**
   * @param busy - Handler time of `count` items in µs.
   * @param bytes - Bytes of their results.
   * @param mayGrow - Whether more items wait.
   */
  observe(busy: number, bytes: number, count: number, mayGrow = true): void {
    if (count < 1) return;
    const service = busy / 1000 / count;
    this.#service =
      this.#service === undefined ? service : this.#service + WEIGHT * (service - this.#service);
    this.#bytes += WEIGHT * (bytes / count - this.#bytes);
    const perSlot = Math.max(1, Math.floor(this.#limits.windowTime / Math.max(this.#service, 0.001)));
    const byBytes = Math.floor(this.#limits.windowBytes / Math.max(this.#bytes, 1));
    const reach = mayGrow ? this.size * MAX_GROWTH : this.size;
    this.size = this.#clamp(Math.min(perSlot * this.#slots, byBytes, reach));
  }

  /** Nothing waits: no item need be where it is not executed yet. */
  shrink(): void {
    this.size = this.#clamp(Math.max(this.#slots, this.size >> 1));
  }

  /** As many as are executed at once, until more is measured. */
  reset(): void {
    this.size = this.#clamp(this.#slots);
  }

  #clamp(size: number): number {
    return Math.max(1, Math.min(size, this.#limits.maxWindow));
  }
}
