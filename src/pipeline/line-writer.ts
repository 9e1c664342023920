import type { Writable } from "node:stream";

/**
 * Writes lines to a stream of this process for as long as a run lasts. Its reader may be slow, which the writer is told; and the
 * stream may fail, because a disk is full or a reader gone: then lines are dropped, and the run goes on.
 */
export class LineWriter {
  readonly #stream: Writable;
  readonly #onError: (error: Error) => void;
  #failed = false;
  #resume: () => void = () => {};
  #drained: Promise<void> | undefined;

  /** @param failed - Told once, when lines cannot be written any more. */
  constructor(stream: Writable, failed: (error: Error) => void) {
    this.#stream = stream;
    this.#onError = (error) => {
      if (!this.#failed) failed(error);
      this.#failed = true;
      this.#goOn();
    };
    stream.on("error", this.#onError);
    stream.on("drain", this.#goOn);
  }

  /** @returns Where the stream is full: resolves when it takes more. */
  write(line: string): Promise<void> | undefined {
    if (this.#failed || this.#stream.write(`${line}\n`)) return undefined;
    this.#drained ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
    return this.#drained;
  }

  /** The stream is this writer's no longer. */
  close(): void {
    this.#goOn();
    this.#stream.off("drain", this.#goOn);
    // An error of the last line is told a moment later.
    setImmediate(() => this.#stream.off("error", this.#onError));
  }

  readonly #goOn = (): void => {
    this.#drained = undefined;
    this.#resume();
  };
}
