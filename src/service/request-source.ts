/** A request of a list, and its position. */
export interface Entry<Data> {
  readonly data: Data;
  readonly index: number;
}

/** What a list of requests may be. */
export type RequestList<Data> = readonly Data[] | Iterable<Data> | AsyncIterable<Data>;

/** Whether a value is a list of requests, and not one request. Text and binary data are one. */
export function isRequestList<Data>(value: unknown): value is RequestList<Data> {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
  return Symbol.iterator in value || Symbol.asyncIterator in value;
}

/** Pulls the requests of a list, one after the other, for several lanes. An async iterator is never asked twice at a time. */
export class RequestSource<Data> {
  readonly #iterator: Iterator<Data> | AsyncIterator<Data>;
  readonly #isAsync: boolean;
  #index = 0;
  #isOver = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(list: RequestList<Data>) {
    this.#isAsync = Symbol.asyncIterator in list;
    this.#iterator = Symbol.asyncIterator in list ? list[Symbol.asyncIterator]() : list[Symbol.iterator]();
  }

  /** The next request; nothing at the end. A request that is there at once comes without a promise. */
  next(): Entry<Data> | undefined | Promise<Entry<Data> | undefined> {
    if (this.#isOver) return undefined;
    if (!this.#isAsync) return this.#take((this.#iterator as Iterator<Data>).next());
    const next = this.#last.then(async () =>
      this.#isOver ? undefined : this.#take(await this.#iterator.next()),
    );
    this.#last = next.catch(() => {}); // the lane that asked gets the error
    return next;
  }

  /** No more requests are needed: lets the iterator release what it holds. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // An error of `return()` changes nothing: the list has failed already.
    void (async () => await this.#iterator.return?.())().catch(() => {});
  }

  #take({ done, value }: IteratorResult<Data>): Entry<Data> | undefined {
    if (done === true) {
      this.#isOver = true;
      return undefined;
    }
    return { data: value, index: this.#index++ };
  }
}
