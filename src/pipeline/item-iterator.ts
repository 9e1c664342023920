import { isPromiseLike } from "../executor/execution-outcome.ts";

/** What one step of a task's production gives. */
export type Step = { readonly done: true } | { readonly done: false; readonly value: unknown };

/**
 * How a task hands over items that it has begun to read by itself; a symbol, so that it is no part of what users see and override.
 */
export const openItems: unique symbol = Symbol("openItems");

const DONE: Step = { done: true };

/**
 * Steps through an iterable as a loop with `await` would: promises among the values are awaited, and `return()` is called where the loop
 * is left early, but not where the iterator has ended or thrown by itself. Steps that are synchronous stay so: a promise for each item
 * costs more than the rest.
 */
export class ItemIterator {
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  /** Its first step, where that was taken before somebody asked for it. */
  #first: Step | PromiseLike<Step> | undefined;
  #hasBegun = false;
  #isOver = false;
  #closing: Promise<void> | undefined;

  /** @throws TypeError when it is no iterable, and whatever the iterable throws. */
  constructor(iterable: unknown) {
    this.#iterator = iteratorOf(iterable);
  }

  /**
   * Takes the first step, and no more than that, before it is needed. Some iterables cannot wait: lines that `readline` emits before
   * somebody listens are lost, and an `error` event to which nobody listens ends the process.
   *
   * @param failed - Called when the first step throws, at once or later. `next()` throws the same.
   */
  begin(failed: (error: unknown) => void): void {
    if (this.#hasBegun || this.#closing !== undefined) return;
    try {
      const step = this.next();
      if (isPromiseLike(step)) Promise.resolve(step).catch(failed);
      this.#first = step;
    } catch (error) {
      const step = Promise.reject(error);
      step.catch(failed);
      this.#first = step;
    }
  }

  /** @throws Whatever the iterator throws. */
  next(): Step | PromiseLike<Step> {
    const first = this.#first;
    if (first !== undefined) {
      this.#first = undefined;
      return first;
    }
    this.#hasBegun = true;
    if (this.#isOver) return DONE;
    try {
      const result = this.#iterator.next();
      return isPromiseLike(result) ? this.#later(result) : this.#stepOf(result);
    } catch (error) {
      this.#isOver = true;
      throw error;
    }
  }

  /** Lets an iterator that was not finished release what it holds, at once and not behind a step that is under way. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#iterator.return?.();
  }

  async #later(next: PromiseLike<IteratorResult<unknown>>): Promise<Step> {
    let step: Step | PromiseLike<Step>;
    try {
      step = this.#stepOf(await next);
    } catch (error) {
      this.#isOver = true;
      throw error;
    }
    return await step;
  }

  #stepOf(result: IteratorResult<unknown>): Step | PromiseLike<Step> {
    if (typeof result !== "object" || result === null)
      throw new TypeError("An iterator's next() must return an object, { done, value }");
    if (result.done === true) {
      this.#isOver = true;
      return DONE;
    }
    const { value } = result;
    return isPromiseLike(value)
      ? Promise.resolve(value).then((value) => ({ done: false, value }))
      : { done: false, value };
  }
}

function iteratorOf(iterable: unknown): Iterator<unknown> | AsyncIterator<unknown> {
  if (typeof iterable === "object" && iterable !== null) {
    const { [Symbol.asyncIterator]: async, [Symbol.iterator]: sync } = iterable as Partial<
      Record<symbol, (this: object) => unknown>
    >;
    const iterator = (async ?? sync)?.call(iterable);
    if (typeof iterator === "object" && iterator !== null) return iterator as Iterator<unknown>;
  }
  throw new TypeError("Expected an iterable or an async iterable");
}
