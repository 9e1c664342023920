import type { Execution } from "./execution.ts";

/**
 * What a worker executes just now. The last one taken is kept apart from the others: a handler that waits for nothing ends
 * before the next one begins, and costs no entry in a map.
 */
export class Running {
  #last: Execution | undefined;
  readonly #others = new Map<number, Execution>();

  get size(): number {
    return this.#others.size + (this.#last === undefined ? 0 : 1);
  }

  add(execution: Execution): void {
    if (this.#last !== undefined) this.#others.set(this.#last.seq, this.#last);
    this.#last = execution;
  }

  get(seq: number): Execution | undefined {
    return this.#last?.seq === seq ? this.#last : this.#others.get(seq);
  }

  /** False when exactly this execution is not here. */
  delete(execution: Execution): boolean {
    if (this.#last === execution) {
      this.#last = undefined;
      return true;
    }
    return this.#others.get(execution.seq) === execution && this.#others.delete(execution.seq);
  }

  clear(): void {
    this.#last = undefined;
    this.#others.clear();
  }

  *[Symbol.iterator](): IterableIterator<Execution> {
    if (this.#last !== undefined) yield this.#last;
    yield* this.#others.values();
  }
}
