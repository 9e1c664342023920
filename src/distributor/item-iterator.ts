import { isPromiseLike } from "../structures/is-promise-like.ts";

/** One step of a task's items: a value, or the end. */
export type Step = { readonly done: true } | { readonly done: false; readonly value: unknown };

/**
 * How a task hands over items that it has begun to read by itself; a symbol, so that it is no part of what users see and override.
 */
export const openItems: unique symbol = Symbol("openItems");

/** Gets, before anything is pulled, what a run that goes on has left; a symbol for the same reason. */
export const goesOn: unique symbol = Symbol("goesOn");

/** What an earlier life of a run has left. */
export interface Remainder {
  readonly runId: string;
  /** The sequence numbers of the items that are not settled, in the order of the items' numbers. */
  readonly pending: readonly number[];
  /** The number of the next item. */
  readonly nextNumber: number;
}

const DONE: Step = { done: true };

/** Callbacks of the iterator's owner. */
export interface ItemHooks {
  /** Makes an item of a value, in the order in which values are pulled. */
  readonly wrap?: (value: unknown) => unknown;
  /** The iterator threw this. */
  readonly failed?: (error: unknown) => void;
  /** The next item was encoded and has this size. Items are encoded in the order in which they were pulled. */
  readonly encoded?: (bytes: number) => void;
  /** So many of the items that were encoded are left out after all, because of their keys. */
  readonly leftOut?: (count: number) => void;
}

/**
 * Steps through an iterable as a loop with `await` would: promises among the values are awaited, and `return()` is called where the loop
 * is left early, but not where the iterator has ended or thrown by itself. Steps that are synchronous stay so: a promise for each item
 * costs more than the rest.
 */
export class ItemIterator {
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  readonly hooks: ItemHooks;
  /** The first step, if `begin()` took it before `next()` asked for it. */
  #first: Step | PromiseLike<Step> | undefined;
  #hasBegun = false;
  #isOver = false;
  #closing: Promise<void> | undefined;

  /** @throws TypeError when it is no iterable, and whatever the iterable throws. */
  constructor(iterable: unknown, hooks: ItemHooks = {}) {
    this.#iterator = iteratorOf(iterable);
    this.hooks = hooks;
  }

  /**
   * Takes the first step, and only that, before it is needed. Some iterables cannot wait: lines that `readline` emits without a
   * listener are lost, and an `error` event without a listener ends the process.
   *
   * @param failed - Called when the first step throws, at once or later. `next()` throws the same.
   */
  begin(failed: (error: unknown) => void): void {
    if (this.#closing !== undefined) return;
    if (!this.#hasBegun) this.#first = this.#firstStep();
    if (isPromiseLike(this.#first)) this.#first.then(undefined, failed);
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
      throw this.#failed(error);
    }
  }

  /** Lets an unfinished iterator release its resources, at once and not after a step that is under way. */
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
      throw this.#failed(error);
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
    return isPromiseLike(value) ? this.#awaited(value) : this.#item(value);
  }

  /** A promise among the values, as a sync iterable may give. When it is rejected, the iterator itself has not ended. */
  async #awaited(value: PromiseLike<unknown>): Promise<Step> {
    try {
      return this.#item(await value);
    } catch (error) {
      this.hooks.failed?.(error);
      throw error;
    }
  }

  #item(value: unknown): Step {
    const { wrap } = this.hooks;
    return { done: false, value: wrap === undefined ? value : wrap(value) };
  }

  /** The first step; an error becomes a rejected promise, so that the caller of `next()` gets it. */
  #firstStep(): Step | PromiseLike<Step> {
    try {
      return this.next();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #failed(error: unknown): unknown {
    this.#isOver = true;
    this.hooks.failed?.(error);
    return error;
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
