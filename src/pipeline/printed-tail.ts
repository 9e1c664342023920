/** What is kept of the lines that a worker wrote last. */
const MAX_LINES = 20;
const MAX_LENGTH = 2000;

/** The last lines that a worker wrote to stderr: why it died is said there, if anywhere. */
export class PrintedTail {
  readonly #lines: string[] = [];
  #length = 0;

  add(line: string): void {
    const kept = line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line;
    this.#lines.push(kept);
    this.#length += kept.length;
    while (this.#lines.length > MAX_LINES || (this.#length > MAX_LENGTH && this.#lines.length > 1))
      this.#length -= this.#lines.shift()?.length ?? 0;
  }

  /** The lines as one text; empty without any. */
  toString(): string {
    return this.#lines.join("\n").trim();
  }
}
