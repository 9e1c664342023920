import { Fifo } from "../structures/fifo.ts";

/** A queue for each priority. The highest is taken first; within one, the oldest. */
export class PriorityQueue<T> {
  readonly #queues = new Map<number, Fifo<T>>();
  /** The priorities with a queue, the highest first. */
  #priorities: number[] = [];

  push(item: T, priority: number): void {
    let queue = this.#queues.get(priority);
    if (queue === undefined) {
      queue = new Fifo();
      this.#queues.set(priority, queue);
      this.#priorities = [...this.#queues.keys()].sort((a, b) => b - a);
    }
    queue.push(item);
  }

  shift(): T | undefined {
    const [highest] = this.#priorities;
    const queue = highest === undefined ? undefined : this.#queues.get(highest);
    if (highest === undefined || queue === undefined) return undefined;
    const item = queue.shift();
    if (queue.size === 0) {
      this.#queues.delete(highest);
      this.#priorities.shift();
    }
    return item;
  }
}
