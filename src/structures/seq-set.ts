/**
 * A set of sequence numbers, kept as sorted, disjoint, non-adjacent ranges: a low watermark plus the few ranges out of
 * order. Its size is bounded by the number of gaps, which is the number of items in flight, not by the numbers it holds.
 */
export class SeqSet {
  /** Starts and ends (exclusive) in one list: [start, end, start, end, …]. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  /** The range that the last number went to; the next one mostly goes there too. */
  #last = 0;

  /** Number of ranges. */
  get ranges(): number {
    return this.#starts.length;
  }

  has(seq: number): boolean {
    const index = this.#find(seq);
    return index >= 0 && seq < (this.#ends[index] as number);
  }

  /** Adds a number; false when it was there already. */
  add(seq: number): boolean {
    const index = this.#find(seq);
    if (index >= 0 && seq < (this.#ends[index] as number)) return false;
    const joinsLeft = index >= 0 && this.#ends[index] === seq;
    const joinsRight = this.#starts[index + 1] === seq + 1;
    if (joinsLeft && joinsRight) {
      this.#ends[index] = this.#ends[index + 1] as number;
      this.#starts.splice(index + 1, 1);
      this.#ends.splice(index + 1, 1);
    } else if (joinsLeft) {
      this.#ends[index] = seq + 1;
    } else if (joinsRight) {
      this.#starts[index + 1] = seq;
    } else {
      this.#starts.splice(index + 1, 0, seq);
      this.#ends.splice(index + 1, 0, seq + 1);
    }
    this.#last = joinsLeft ? index : index + 1;
    return true;
  }

  /** Index of the last range that starts at or before `seq`; -1: none. */
  #find(seq: number): number {
    const guess = this.#last;
    const start = this.#starts[guess];
    if (start !== undefined && start <= seq && seq < (this.#starts[guess + 1] ?? Number.POSITIVE_INFINITY))
      return guess;
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] as number) <= seq) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
