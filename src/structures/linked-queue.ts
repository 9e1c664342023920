/** An entry of a {@link LinkedQueue}; it can be in one queue at a time. */
export interface Linked<T> {
  previous: T | undefined;
  next: T | undefined;
}

/** A queue from which any entry can be removed in O(1), for requests that may be cancelled while they wait. */
export class LinkedQueue<T extends Linked<T>> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#first;
  }

  push(entry: T): void {
    this.#link(entry, this.#last, undefined);
  }

  unshift(entry: T): void {
    this.#link(entry, undefined, this.#first);
  }

  shift(): T | undefined {
    const entry = this.#first;
    if (entry !== undefined) this.remove(entry);
    return entry;
  }

  /** @param entry - An entry of this queue. */
  remove(entry: T): void {
    const { previous, next } = entry;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    entry.previous = undefined;
    entry.next = undefined;
    this.#size -= 1;
  }

  /** Iterates from first to last. The caller may remove the current entry. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let entry = this.#first, next = entry?.next; entry !== undefined; entry = next, next = entry?.next) {
      yield entry;
    }
  }

  #link(entry: T, previous: T | undefined, next: T | undefined): void {
    entry.previous = previous;
    entry.next = next;
    if (previous === undefined) this.#first = entry;
    else previous.next = entry;
    if (next === undefined) this.#last = entry;
    else next.previous = entry;
    this.#size += 1;
  }
}
