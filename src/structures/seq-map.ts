/** Entries of a page. */
const PAGE = 64;

interface Page<T> {
  readonly entries: (T | undefined)[];
  count: number;
}

/**
 * A map from sequence numbers, for numbers that come and go more or less in order: pages of consecutive numbers, so that nearly
 * every access is one to an array. A page is dropped with its last entry.
 */
export class SeqMap<T extends object> {
  readonly #pages = new Map<number, Page<T>>();
  /** The page of the last access; the next one mostly goes there too. */
  #last: { readonly index: number; readonly page: Page<T> } | undefined;
  /** An empty page, for the next one. */
  #spare: Page<T> | undefined;
  size = 0;

  get(seq: number): T | undefined {
    return this.#page(seq)?.entries[seq % PAGE];
  }

  set(seq: number, value: T): void {
    const page = this.#page(seq) ?? this.#newPage(seq);
    const place = seq % PAGE;
    if (page.entries[place] === undefined) {
      page.count += 1;
      this.size += 1;
    }
    page.entries[place] = value;
  }

  /** False when there was no such entry. */
  delete(seq: number): boolean {
    const page = this.#page(seq);
    const place = seq % PAGE;
    if (page === undefined || page.entries[place] === undefined) return false;
    page.entries[place] = undefined;
    page.count -= 1;
    this.size -= 1;
    if (page.count === 0) {
      this.#pages.delete(Math.floor(seq / PAGE));
      this.#last = undefined;
      this.#spare = page;
    }
    return true;
  }

  clear(): void {
    this.#pages.clear();
    this.#last = undefined;
    this.size = 0;
  }

  /** Page by page, in the order in which pages were begun. */
  *values(): IterableIterator<T> {
    for (const { entries } of this.#pages.values()) {
      for (const entry of entries) if (entry !== undefined) yield entry;
    }
  }

  /** In the same order, without the cost of an iterator. */
  forEach(visit: (value: T) => void): void {
    for (const { entries } of this.#pages.values()) {
      for (const entry of entries) if (entry !== undefined) visit(entry);
    }
  }

  /** In the same order. */
  *entries(): IterableIterator<[number, T]> {
    for (const [index, { entries }] of this.#pages) {
      for (const [place, entry] of entries.entries()) {
        if (entry !== undefined) yield [index * PAGE + place, entry];
      }
    }
  }

  #page(seq: number): Page<T> | undefined {
    const index = Math.floor(seq / PAGE);
    if (this.#last?.index === index) return this.#last.page;
    const page = this.#pages.get(index);
    if (page !== undefined) this.#last = { index, page };
    return page;
  }

  #newPage(seq: number): Page<T> {
    const index = Math.floor(seq / PAGE);
    const page = this.#spare ?? { entries: new Array<T | undefined>(PAGE).fill(undefined), count: 0 };
    this.#spare = undefined;
    this.#pages.set(index, page);
    this.#last = { index, page };
    return page;
  }
}
