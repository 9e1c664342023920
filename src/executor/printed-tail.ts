/** How many of a worker's last lines are kept, and how many characters of them. */
const MAX_LINES = 20;
const MAX_LENGTH = 2000;

/** Keeps the last lines that a worker wrote to stderr: they may say why it died. */
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

  /** The lines as one text; empty without lines. */
  toString(): string {
    return this.#lines.join("\n").trim();
  }
}
