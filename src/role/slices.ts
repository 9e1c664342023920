import { Fifo } from "../structures/fifo.ts";
import { TurnTime } from "../structures/turn-time.ts";

/** How long tasks run without a turn of the event loop, in ms. The last one may take longer. */
const SLICE_MS = 10;

/** Runs tasks that are short, but may be many: in order, at once where there is time in this turn of the event loop, and else in later ones. */
export class Slices {
  readonly #waiting = new Fifo<() => void>();
  readonly #time = new TurnTime(SLICE_MS, () => {
    if (this.#waiting.peek() !== undefined) this.#work();
  });

  run(task: () => void): void {
    this.#waiting.push(task);
    this.#work();
  }

  #work(): void {
    while (!this.#time.isOver) {
      const task = this.#waiting.shift();
      if (task === undefined) return;
      task();
    }
  }
}
