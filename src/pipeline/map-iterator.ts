import { Readable } from "node:stream";
import { Fifo } from "../structures/fifo.ts";

/** The source of a {@link MapIterator}'s results. */
export interface ResultSource<Result> {
  /** Begins the run, when the first result is asked for. `changed` is called when there may be a result to take, or the run is over. */
  start(changed: () => void): void;
  /** The caller asks for another result: it is done with those that it has. */
  asked(): void;
  /** @returns The next result, if it has arrived. @throws The error of that input. */
  take(): { readonly value: Result } | undefined;
  /** Set when no more results come; has the error, if one has ended the run. */
  readonly ending: { readonly error?: { readonly thrown: unknown } } | undefined;
  /** Ends the run now. Resolves when nothing of the run is left. Never rejects. */
  close(): Promise<void>;
}

/** The results of `map()`: to be iterated over once, or taken as an array. */
export interface MapResults<Result> extends AsyncGenerator<Result, void, undefined> {
  /**
   * Collects all results that are left.
   *
   * @returns The results, in the order in which a loop would get them.
   * @throws What a loop would throw.
   *
   * @example
   * ```ts
   * const squares = await map([1, 2, 3], new URL("./square.js", import.meta.url)).toArray();
   * ```
   */
  toArray(): Promise<Result[]>;
}

/** A `next()` that waits for its result. */
interface Waiting<Result> {
  resolve(result: IteratorResult<Result, undefined> | PromiseLike<IteratorResult<Result, undefined>>): void;
}

/**
 * Iterates over results as an async generator does, but can be closed while a `next()` waits. A generator would queue `return()` behind that
 * `next()`, perhaps for ever.
 *
 * It is also a stream, because `stream.pipeline()` never closes an iterator that waits, but destroys a stream at once. The stream reads
 * nothing unless it is used as one.
 */
export class MapIterator<Result> extends Readable implements MapResults<Result> {
  readonly #source: ResultSource<Result>;
  readonly #waiting = new Fifo<Waiting<Result>>();
  #state: "new" | "open" | "closed" = "new";

  constructor(source: ResultSource<Result>) {
    super({ objectMode: true, highWaterMark: 1 });
    this.#source = source;
  }

  /** Several calls may wait at a time; they are answered in order. */
  next(): Promise<IteratorResult<Result, undefined>> {
    if (this.#state === "closed") return Promise.resolve(done());
    return new Promise((resolve) => {
      this.#waiting.push({ resolve });
      if (this.#state === "new") {
        this.#state = "open";
        this.#source.start(() => this.#answer());
      }
      this.#source.asked();
      this.#answer();
    });
  }

  /** Ends the run. Calls of `next()` that wait get the end at once. Resolves when nothing of the run is left. */
  async return(value?: void | PromiseLike<void>): Promise<IteratorResult<Result, undefined>> {
    const wasNew = this.#state === "new";
    this.#close();
    if (!wasNew) await this.#source.close();
    return { done: true, value: (await value) as undefined };
  }

  /** Ends the run like `return()`, and then throws. */
  async throw(error: unknown): Promise<IteratorResult<Result, undefined>> {
    await this.return();
    throw error;
  }

  /** A stream's own would not take results that are `null`. */
  override async toArray(): Promise<Result[]> {
    const results: Result[] = [];
    for await (const result of this) results.push(result);
    return results;
  }

  override [Symbol.asyncIterator](): this {
    return this;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  readonly [Symbol.toStringTag] = "AsyncGenerator";

  override _read(): void {
    this.next().then(
      ({ done, value }) => {
        if (done) this.push(null);
        else if (value !== null) this.push(value);
        else this.destroy(new TypeError("A result is null, which a stream cannot carry"));
      },
      (error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    this.return().then(
      () => destroyed(error),
      () => destroyed(error),
    );
  }

  #answer(): void {
    while (this.#waiting.size > 0 && this.#state === "open") {
      try {
        const result = this.#source.take();
        if (result !== undefined) this.#waiting.shift()?.resolve({ done: false, value: result.value });
        else if (this.#source.ending === undefined) return;
        else this.#end(this.#source.ending.error);
      } catch (error) {
        this.#end({ thrown: error });
      }
    }
  }

  /** The first `next()` that waits gets the error, once nothing of the run is left. The others get the end. */
  #end(error: { readonly thrown: unknown } | undefined): void {
    const first = this.#waiting.shift();
    this.#close();
    first?.resolve(
      this.#source.close().then(() => {
        if (error !== undefined) throw error.thrown;
        return done();
      }),
    );
  }

  #close(): void {
    this.#state = "closed";
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      next.resolve(done());
  }
}

function done(): IteratorReturnResult<undefined> {
  return { done: true, value: undefined };
}
