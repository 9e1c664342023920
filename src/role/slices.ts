import { Fifo } from "../structures/fifo.ts";

/** How long tasks run without a turn of the event loop, in ms. The last one may take longer. */
const SLICE_MS = 10;

/** Runs tasks that are short, but may be many: in order, at once where there is time in this turn of the event loop, and else in later ones. */
export class Slices {
  readonly #waiting = new Fifo<() => void>();
  /** When this turn's slice ends; undefined before its first task. */
  #end: number | undefined;

  run(task: () => void): void {
    this.#waiting.push(task);
    this.#work();
  }

  #work(): void {
    this.#end ??= this.#begin();
    while (performance.now() < this.#end) {
      const task = this.#waiting.shift();
      if (task === undefined) return;
      task();
    }
  }

  #begin(): number {
    setImmediate(() => {
      this.#end = undefined;
      if (this.#waiting.peek() !== undefined) this.#work();
    });
    return performance.now() + SLICE_MS;
  }
}
