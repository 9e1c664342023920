import type { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { LineSplitter } from "../executor/line-splitter.ts";
import { settlesWithin } from "../executor/settles-within.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";

/** When a process has ended and no data has come for this time, in ms, its pipe is empty. */
const QUIET_MS = 100;

/** Longest wait for data after the process has ended, in ms: a child process may have inherited the pipe, and keep it open for ever. */
const DRAIN_MS = 1000;

/** More than a pipe holds, in bytes: data beyond it was written by another process. */
const DRAIN_BYTES = 4 << 20;

/** Longest wait for the handler of lines, in ms, after the process has ended. */
const STALLED_MS = 10_000;

/**
 * Reads the output of a process line by line. While a line is being handled, nothing more is read. A process that writes faster than its
 * lines are handled has to wait when its pipe is full, so no lines pile up here.
 */
export class OutputReader {
  readonly #stream: Readable;
  readonly #handle: (line: string) => unknown;
  readonly #done: Promise<void>;
  #isHandling = false;
  #lines = 0;
  #bytes = 0;

  /** @param handle - Gets each line; if it returns a promise, the next line waits for that. Must not throw. */
  constructor(stream: Readable, handle: (line: string) => unknown) {
    this.#stream = stream;
    this.#handle = handle;
    this.#done = this.#read();
  }

  /**
   * Reads the rest of the pipe after the process has ended, and closes it. A child of that process may have inherited the pipe, and is not
   * waited for.
   */
  async drain(): Promise<void> {
    const end = this.#bytes + DRAIN_BYTES;
    let waitedMs = 0;
    let stalledMs = 0;
    while (waitedMs < DRAIN_MS && stalledMs < STALLED_MS && this.#bytes < end) {
      const [bytes, lines] = [this.#bytes, this.#lines];
      if (await settlesWithin(this.#done, QUIET_MS)) return;
      await nextTurn(); // after a busy while, timers run before pending reads
      await nextTurn();
      if (this.#isHandling) {
        stalledMs = this.#lines === lines ? stalledMs + QUIET_MS : 0;
        continue;
      }
      stalledMs = 0;
      if (this.#bytes === bytes) break;
      waitedMs += QUIET_MS;
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
      // The stream was destroyed, or reading failed: nothing more comes.
    }
    await this.#pass(splitter.end());
  }

  async #pass(lines: readonly string[]): Promise<void> {
    this.#isHandling = true;
    for (const line of lines) {
      const handled = this.#handle(line);
      this.#lines += 1;
      // Awaiting every line would cost more than all the rest.
      if (isPromiseLike(handled)) await handled;
    }
    this.#isHandling = false;
  }
}
