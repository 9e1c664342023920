import type { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { settlesWithin } from "../executor/settles-within.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";
import { LineSplitter } from "./line-splitter.ts";

/** After the process has ended: no data for this long, in ms, means that the pipe is empty. */
const QUIET_MS = 100;

/** Longest wait for data of a process that has ended, in ms: another process has the pipe, and may keep it for ever. */
const DRAIN_MS = 1000;

/** More than a pipe holds, in bytes: what comes after that was written by another process. */
const DRAIN_BYTES = 4 << 20;

/** Longest wait for whoever takes the lines, in ms, once the process has ended. */
const STALLED_MS = 10_000;

/**
 * Reads what a process writes, line by line. While a line is being handled nothing more is read, so that a process which writes
 * faster than its lines are handled has to wait when its pipe is full; nothing piles up here.
 */
export class OutputReader {
  readonly #stream: Readable;
  readonly #handle: (line: string) => unknown;
  readonly #done: Promise<void>;
  #isHandling = false;
  #lines = 0;
  #bytes = 0;

  /** @param handle - Gets each line; where it returns a promise, the next line waits for that. Must not throw. */
  constructor(stream: Readable, handle: (line: string) => unknown) {
    this.#stream = stream;
    this.#handle = handle;
    this.#done = this.#read();
  }

  /**
   * The process has ended: reads what is in the pipe, and closes it. A process that it has started may have the pipe, too, and
   * is not waited for.
   */
  async drain(): Promise<void> {
    const end = this.#bytes + DRAIN_BYTES;
    let waited = 0;
    let stalled = 0;
    while (waited < DRAIN_MS && stalled < STALLED_MS && this.#bytes < end) {
      const [bytes, lines] = [this.#bytes, this.#lines];
      if (await settlesWithin(this.#done, QUIET_MS)) return;
      await nextTurn(); // a timer comes before what is to be read, after this process was busy for a while
      await nextTurn();
      if (this.#isHandling) {
        stalled = this.#lines === lines ? stalled + QUIET_MS : 0;
        continue;
      }
      stalled = 0;
      if (this.#bytes === bytes) break;
      waited += QUIET_MS;
    }
    this.#stream.destroy();
    await settlesWithin(this.#done, QUIET_MS);
  }

  async #read(): Promise<void> {
    const splitter = new LineSplitter();
    try {
      for await (const chunk of this.#stream as AsyncIterable<Uint8Array>) {
        this.#bytes += chunk.length;
        await this.#pass(splitter.push(chunk));
      }
    } catch {
      // It was destroyed, or reading failed: what has come is all there is.
    }
    await this.#pass(splitter.end());
  }

  async #pass(lines: readonly string[]): Promise<void> {
    this.#isHandling = true;
    for (const line of lines) {
      const handled = this.#handle(line);
      this.#lines += 1;
      // A promise for each line would cost more than the rest.
      if (isPromiseLike(handled)) await handled;
    }
    this.#isHandling = false;
  }
}
