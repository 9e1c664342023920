import { Readable } from "node:stream";
import { Fifo } from "../structures/fifo.ts";

/** Where a {@link MapIterator} has its results from. */
export interface ResultSource<Result> {
  /** Begins. `changed` is called when there may be something to take, or the run is over. Not called where nobody iterates. */
  start(changed: () => void): void;
  /** @returns The next result, if one is there. @throws What that input failed with. */
  take(): { readonly value: Result } | undefined;
  /** Set when nothing more comes, with what ended it where that was an error. */
  readonly ending: { readonly error?: { readonly thrown: unknown } } | undefined;
  /** Ends everything now. Resolves when nothing of it is left. Never rejects. */
  close(): Promise<void>;
}

/** A `next()` that waits. */
interface Waiting<Result> {
  resolve(result: IteratorResult<Result, void> | PromiseLike<IteratorResult<Result, void>>): void;
}

/**
 * Iterates over results as an async generator does, but can be closed while a `next()` waits: generators put `return()` into a queue behind
 * it, which may be for ever.
 *
 * It is a stream as well, because `stream.pipeline()` never closes an iterator that waits, but destroys streams at once. Nothing is read by
 * the stream where it is not used as one.
 */
export class MapIterator<Result> extends Readable implements AsyncGenerator<Result, void, undefined> {
  readonly #source: ResultSource<Result>;
  readonly #waiting = new Fifo<Waiting<Result>>();
  #state: "new" | "open" | "closed" = "new";

  constructor(source: ResultSource<Result>) {
    super({ objectMode: true, highWaterMark: 1 });
    this.#source = source;
  }

  /** Several may wait; they are answered in order. */
  next(): Promise<IteratorResult<Result, void>> {
    if (this.#state === "closed") return Promise.resolve(done());
    return new Promise((resolve) => {
      this.#waiting.push({ resolve });
      if (this.#state === "new") {
        this.#state = "open";
        this.#source.start(() => this.#answer());
      }
      this.#answer();
    });
  }

  /** Ends everything. What waits in `next()` gets the end at once; this resolves when nothing of the run is left. */
  async return(value?: void | PromiseLike<void>): Promise<IteratorResult<Result, void>> {
    const wasNew = this.#state === "new";
    this.#close();
    if (!wasNew) await this.#source.close();
    return { done: true, value: await value };
  }

  /** The same, and then throws. */
  async throw(error: unknown): Promise<IteratorResult<Result, void>> {
    await this.return();
    throw error;
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

  /** Who waits first is told why, when all is gone; the others get the end. */
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

function done(): IteratorReturnResult<void> {
  return { done: true, value: undefined };
}
