/** What became of one input. */
export type Outcome<Result> =
  | { readonly ok: true; readonly index: number; readonly value: Result }
  | { readonly ok: false; readonly index: number; readonly reason: Error };

/**
 * What stands between the collector and who iterates: outcomes in the order of the inputs or as they came. No more inputs are pulled
 * than `maxPending` ahead of what was taken, and so it holds no more than that.
 */
export class MapOutput<Result> {
  readonly #isOrdered: boolean;
  readonly #maxPending: number;
  /** By index, in the order of their arrival. */
  readonly #outcomes = new Map<number, Outcome<Result>>();
  #pulled = 0;
  #taken = 0;
  #end: { readonly error: unknown } | undefined;
  #wakeConsumer: () => void = () => {};

  constructor(isOrdered: boolean, maxPending: number) {
    this.#isOrdered = isOrdered;
    this.#maxPending = maxPending;
  }

  push(outcome: Outcome<Result>): void {
    this.#outcomes.set(outcome.index, outcome);
    this.#wakeConsumer();
  }

  /** Nothing more comes; with an error: and that is why. */
  end(error?: unknown): void {
    this.#end ??= { error };
    this.#wakeConsumer();
  }

  /** Whether another input may be pulled. */
  get hasRoom(): boolean {
    return this.#pulled - this.#taken < this.#maxPending && this.#end === undefined;
  }

  /** Counts the inputs. @returns The place of the one that is pulled now. */
  pulled(): number {
    return this.#pulled++;
  }

  /** @returns The next outcome; nothing at the end. @throws What ended it. */
  async next(): Promise<Outcome<Result> | undefined> {
    for (;;) {
      const outcome = this.#take();
      if (outcome !== undefined) return outcome;
      if (this.#end !== undefined) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#wakeConsumer = resolve;
      });
    }
  }

  #take(): Outcome<Result> | undefined {
    const [first] = this.#isOrdered ? [this.#taken] : this.#outcomes.keys();
    const outcome = first === undefined ? undefined : this.#outcomes.get(first);
    if (outcome === undefined) return undefined;
    this.#outcomes.delete(outcome.index);
    this.#taken += 1;
    return outcome;
  }
}
