/**
 * A set of sequence numbers, kept as sorted ranges that neither overlap nor touch. Its memory depends on the number of gaps between the
 * ranges, which the items in flight cause, and not on the number of members.
 */
export class SeqSet {
  /** First number of each range. */
  readonly #starts: number[] = [];
  /** End of each range, exclusive. */
  readonly #ends: number[] = [];
  /** Index of the range that got the last number, because the next number mostly extends the same range. */
  #last = 0;

  /** Number of ranges. */
  get ranges(): number {
    return this.#starts.length;
  }

  has(seq: number): boolean {
    const index = this.#find(seq);
    return index >= 0 && seq < (this.#ends[index] as number);
  }

  /** Adds a number. @returns False when it was a member already. */
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

  /** Index of the last range that starts at or before `seq`; -1 when there is none. */
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
