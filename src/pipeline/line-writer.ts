import type { Writable } from "node:stream";
import { visibleBlock, withoutColours } from "../structures/visible-text.ts";

/**
 * Writes lines that workers have printed to a stream of this process during a run, with their control characters made visible. When the stream is full, `write()` returns a promise to wait for. When the stream
 * fails, because a disk is full or a reader has closed it, lines are dropped, and the run goes on.
 */
export class LineWriter {
  readonly #stream: Writable;
  readonly #onError: (error: Error) => void;
  #failed = false;
  #resume: () => void = () => {};
  #drained: Promise<void> | undefined;

  /** @param failed - Called once, when lines can no longer be written. */
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

  /** @returns When the stream is full: a promise that resolves when it has room again. */
  write(line: string): Promise<void> | undefined {
    if (this.#failed || this.#stream.write(`${visibleBlock(withoutColours(line))}\n`)) return undefined;
    this.#drained ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
    return this.#drained;
  }

  /** Stops listening to the stream. */
  close(): void {
    this.#goOn();
    this.#stream.off("drain", this.#goOn);
    // An error of the last line arrives a moment later.
    setImmediate(() => this.#stream.off("error", this.#onError));
  }

  readonly #goOn = (): void => {
    this.#drained = undefined;
    this.#resume();
  };
}
