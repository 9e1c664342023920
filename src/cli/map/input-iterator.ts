/** What an {@link InputIterator} reads. */
export interface InputBatches {
  /** Inputs in batches, as they arrive. */
  readonly batches: AsyncIterator<readonly unknown[]> | Iterator<readonly unknown[]>;
  /** Makes an input of an element of a batch. Without it, the element is the input. @returns `undefined` when the element is no input. */
  readonly parse?: (element: unknown) => { readonly input: unknown } | undefined;
  /** Ends the reading at once, also while a batch is awaited. */
  close(): void;
}

type Result = IteratorResult<unknown, undefined>;

const END: Result = { done: true, value: undefined };

/**
 * Iterates over inputs. A step is synchronous while its batch lasts, because a promise for each input would cost more than reading it. An
 * error ends the inputs, and `failed` gets it.
 */
export class InputIterator {
  readonly #source: InputBatches;
  readonly #check: (input: unknown) => void;
  readonly #failed: (error: unknown) => PromiseLike<never> | undefined;
  #left: number;
  #batch: readonly unknown[] = [];
  #position = 0;
  #isOver = false;

  /**
   * @param limit - Most inputs that are read.
   * @param check - Throws when an input cannot be used.
   * @param failed - Gets the error of the source or of the check. Returning a promise leaves the inputs without an end until they are closed.
   */
  constructor(
    source: InputBatches,
    limit: number,
    check: (input: unknown) => void,
    failed: (error: unknown) => PromiseLike<never> | undefined,
  ) {
    this.#source = source;
    this.#left = limit;
    this.#check = check;
    this.#failed = failed;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Result | PromiseLike<Result> {
    if (this.#isOver) return END;
    if (this.#left === 0) return this.#end();
    try {
      return this.#nextOfBatch() ?? this.#later();
    } catch (error) {
      return this.#fail(error);
    }
  }

  return(): Promise<Result> {
    return Promise.resolve(this.#end());
  }

  #nextOfBatch(): Result | undefined {
    while (this.#position < this.#batch.length) {
      const element = this.#batch[this.#position++];
      const parsed = this.#source.parse === undefined ? { input: element } : this.#source.parse(element);
      if (parsed === undefined) continue;
      this.#check(parsed.input);
      this.#left -= 1;
      return { done: false, value: parsed.input };
    }
    return undefined;
  }

  async #later(): Promise<Result> {
    try {
      for (;;) {
        const { done, value } = await this.#source.batches.next();
        if (this.#isOver || done === true) return this.#end();
        [this.#batch, this.#position] = [value, 0];
        const result = this.#nextOfBatch();
        if (result !== undefined) return result;
      }
    } catch (error) {
      return await this.#fail(error);
    }
  }

  #fail(error: unknown): Result | PromiseLike<Result> {
    if (this.#isOver) return END; // closing the source has interrupted its reading
    this.#end();
    return this.#failed(error) ?? END;
  }

  #end(): Result {
    if (!this.#isOver) this.#source.close();
    this.#isOver = true;
    return END;
  }
}
