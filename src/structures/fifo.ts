/** A queue with `push` and `shift` in O(1): an array with a moving head. The used part is cut off when it is half of the array. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** @param index - 0 is the item that `shift` takes next. */
  peek(index = 0): T | undefined {
    return this.#items[this.#head + index];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (this.size === 0) return undefined;
    this.#items[this.#head++] = undefined; // so that the used part keeps no payload in memory
    if (this.#head >= 64 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  pop(): T | undefined {
    return this.size === 0 ? undefined : this.#items.pop();
  }

  /** Removes the items for which `keep` is false; the order stays. O(n). */
  filter(keep: (item: T) => boolean): void {
    this.#items = [...this].filter(keep);
    this.#head = 0;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let index = this.#head; index < this.#items.length; index++) yield this.#items[index] as T;
  }
}
