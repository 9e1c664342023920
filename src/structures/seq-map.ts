/** Number of entries per page. */
const PAGE = 64;

interface Page<T> {
  readonly entries: (T | undefined)[];
  count: number;
}

/**
 * A map whose keys are sequence numbers that are added and removed roughly in order. Consecutive numbers share a page, so nearly every
 * access is an array access. A page is dropped with its last entry.
 */
export class SeqMap<T extends object> {
  readonly #pages = new Map<number, Page<T>>();
  /** The page of the last access, because the next access mostly has the same page. */
  #last: { readonly index: number; readonly page: Page<T> } | undefined;
  /** An empty page, to be used for the next new page. */
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

  /** @returns False when there was no such entry. */
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

  /** Iterates over the values page by page, oldest page first. */
  *values(): IterableIterator<T> {
    for (const { entries } of this.#pages.values()) {
      for (const entry of entries) if (entry !== undefined) yield entry;
    }
  }

  /** Visits the values in the order of `values()`, faster than an iterator. */
  forEach(visit: (value: T) => void): void {
    for (const { entries } of this.#pages.values()) {
      for (const entry of entries) if (entry !== undefined) visit(entry);
    }
  }

  /** Iterates over numbers and values in the order of `values()`. */
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
