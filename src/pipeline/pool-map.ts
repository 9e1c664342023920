import { ItemIterator } from "../distributor/item-iterator.ts";
import type { ResultSource } from "./map-iterator.ts";
import { DEFAULT_MAX_PENDING, type MapResult } from "./map-options.ts";
import type { MapInputs } from "./map-run.ts";
import type { PoolMapOptions } from "./pool-options.ts";

/** The source of the results of `pool.map()`. */
export class PoolMap implements ResultSource<unknown> {
  readonly #inputs: MapInputs;
  readonly #options: PoolMapOptions;
  readonly #run: (input: unknown, signal: AbortSignal) => Promise<unknown>;
  readonly #abort = new AbortController();
  readonly #aborted = () => {
    this.#isAborted = true;
    this.#end({ thrown: this.#options.signal?.reason });
  };
  /** By index, in the order of their arrival. */
  readonly #results = new Map<number, MapResult<unknown>>();
  #changed: () => void = () => {};
  #wake: () => void = () => {};
  #iterator: ItemIterator | undefined;
  #pulled = 0;
  #taken = 0;
  #isExhausted = false;
  #failure: { readonly thrown: unknown } | undefined;
  #isOver = false;
  /** Results that have arrived are dropped then. */
  #isAborted = false;

  constructor(
    inputs: MapInputs,
    options: PoolMapOptions,
    run: (input: unknown, signal: AbortSignal) => Promise<unknown>,
  ) {
    this.#inputs = inputs;
    this.#options = options;
    this.#run = run;
  }

  get ending(): { readonly error?: { readonly thrown: unknown } } | undefined {
    if (this.#failure !== undefined) return { error: this.#failure };
    return this.#isExhausted && this.#taken === this.#pulled ? {} : undefined;
  }

  start(changed: () => void): void {
    this.#changed = changed;
    const { signal } = this.#options;
    if (signal?.aborted) return this.#aborted();
    signal?.addEventListener("abort", this.#aborted, { once: true });
    void this.#pull();
  }

  asked(): void {
    this.#wake();
  }

  take(): { readonly value: unknown } | undefined {
    const first = (this.#options.ordered ?? true) ? this.#taken : this.#results.keys().next().value;
    const result = first === undefined ? undefined : this.#results.get(first);
    if (result === undefined || this.#isAborted) return undefined;
    this.#results.delete(result.index);
    this.#taken += 1;
    this.#wake();
    if (this.#options.settled) return { value: result };
    if (result.status === "rejected") throw result.reason;
    return { value: result.value };
  }

  async close(): Promise<void> {
    this.#isOver = true;
    this.#options.signal?.removeEventListener("abort", this.#aborted);
    this.#abort.abort(new DOMException("The loop over the results has ended", "AbortError"));
    this.#results.clear();
    this.#wake();
    if (!this.#isExhausted) await this.#iterator?.close().catch(() => undefined); // the loop has ended by itself, or has an error already
  }

  /** Pulls inputs as long as there is room for their results. */
  async #pull(): Promise<void> {
    const { maxPending = DEFAULT_MAX_PENDING } = this.#options;
    try {
      this.#iterator = new ItemIterator(this.#inputs);
      while (!this.#isOver) {
        if (this.#pulled - this.#taken >= maxPending) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        const step = await this.#iterator.next();
        if (this.#isOver) return;
        if (step.done) break;
        void this.#execute(this.#pulled++, step.value);
      }
      this.#isExhausted = true;
      this.#changed();
    } catch (error) {
      this.#isExhausted = true;
      this.#end({ thrown: error });
    }
  }

  async #execute(index: number, input: unknown): Promise<void> {
    try {
      const value = await this.#run(input, this.#abort.signal);
      this.#results.set(index, { status: "fulfilled", value, index });
    } catch (error) {
      const reason: unknown = error instanceof Error ? Object.assign(error, { index }) : error;
      this.#results.set(index, { status: "rejected", reason, index });
    }
    if (!this.#isOver) this.#changed();
  }

  #end(failure: { readonly thrown: unknown }): void {
    this.#failure ??= failure;
    this.#changed();
  }
}
