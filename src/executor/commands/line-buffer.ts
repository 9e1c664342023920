const LINE_FEED = 10;

/** Gathers the lines of a program's standard output, up to a limit for each. */
export class LineBuffer {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  /** @param limit - Longest line, in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether the line that has not ended is longer than the limit. */
  get isOverLimit(): boolean {
    return this.#bytes > this.#limit;
  }

  /** @returns The lines that end in this chunk, without their ends. */
  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let begin = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, begin)) {
      this.#add(chunk.subarray(begin, end));
      if (this.isOverLimit) return lines;
      lines.push(this.end());
      begin = end + 1;
    }
    if (begin < chunk.length) this.#add(chunk.subarray(begin));
    return lines;
  }

  /** @returns What came after the last line end. */
  end(): Buffer {
    const [first] = this.#parts;
    const line = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    return line;
  }

  #add(part: Buffer): void {
    this.#parts.push(part);
    this.#bytes += part.length;
  }
}
