import { ContentHash } from "./content-hash.ts";

/** Most marks of a task: 4 MiB in memory and in the file, however many items it has. */
const MAX_MARKS = 1 << 20;

/** Initial room for marks. */
const SOME_MARKS = 64;

/** The content of a trail, as the journal stores it. */
export interface TrailState {
  readonly count: number;
  readonly stride: number;
  readonly lanes: readonly [number, number];
  readonly marks: Uint32Array;
}

/** The first item that a source gave differently than before: it is one of `from` to `to`, counted from 0. Both are equal if it is known exactly. */
export interface Difference {
  readonly from: number;
  readonly to: number;
}

/**
 * A rolling hash over everything that a task's source gave. A mark keeps the hash after an item; up to 2^20 items each have one. When the
 * marks are full, every other one is dropped, and a difference is then only known to lie between two marks.
 */
export class ContentTrail {
  readonly #maxMarks: number;
  readonly #hash = new ContentHash();
  #count = 0;
  #stride = 1;
  #marks = new Uint32Array(SOME_MARKS);
  #filled = 0;

  constructor(maxMarks = MAX_MARKS) {
    this.#maxMarks = maxMarks;
  }

  static from({ count, stride, lanes, marks }: TrailState): ContentTrail {
    const trail = new ContentTrail();
    trail.#count = count;
    trail.#stride = stride;
    trail.#hash.lanes = lanes;
    trail.#marks = new Uint32Array(Math.max(marks.length, SOME_MARKS));
    trail.#marks.set(marks);
    trail.#filled = marks.length;
    return trail;
  }

  get state(): TrailState {
    const marks = this.#marks.subarray(0, this.#filled);
    return { count: this.#count, stride: this.#stride, lanes: this.#hash.lanes, marks };
  }

  /** Adds an item that the source gave. */
  add(payload: Uint8Array): void {
    this.#hash.add(payload);
    this.#count += 1;
    if (this.#stride === 1 || this.#count % this.#stride === 0) this.#setMark();
  }

  /** Compares a source's items with the trail. @returns A function to call with each payload; it returns the first difference. */
  comparison(): (payload: Uint8Array) => Difference | undefined {
    const { count, stride, lanes, marks } = this.state;
    const hash = new ContentHash();
    let given = 0;
    return (payload) => {
      hash.add(payload);
      given += 1;
      const isMarked = given % stride === 0;
      const isSame =
        (!isMarked || marks[given / stride - 1] === hash.mark) &&
        (given !== count || (lanes[0] === hash.lanes[0] && lanes[1] === hash.lanes[1]));
      if (isSame) return undefined;
      return { from: Math.floor((given - 1) / stride) * stride, to: given - 1 };
    };
  }

  #setMark(): void {
    if (this.#filled === this.#maxMarks) this.#thin();
    if (this.#count % this.#stride !== 0) return;
    if (this.#filled === this.#marks.length) {
      const larger = new Uint32Array(this.#marks.length * 2);
      larger.set(this.#marks);
      this.#marks = larger;
    }
    this.#marks[this.#filled++] = this.#hash.mark;
  }

  /** Drops every other mark. */
  #thin(): void {
    this.#stride *= 2;
    this.#filled = Math.floor(this.#filled / 2);
    for (let mark = 0; mark < this.#filled; mark++) this.#marks[mark] = this.#marks[mark * 2 + 1] as number;
  }
}
