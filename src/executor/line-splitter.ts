import { StringDecoder } from "node:string_decoder";

/** Longest line, in characters. A longer line comes in pieces, so that a stream without line ends is never kept whole in memory. */
export const MAX_LINE_LENGTH = 1 << 20;

/** Splits the chunks of a stream into lines. */
export class LineSplitter {
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";
  /** The last chunk ended with a carriage return: a line feed at the start of the next belongs to the same line end. */
  #hadReturn = false;

  /** @returns The lines that end in this chunk, without their ends. */
  push(chunk: Uint8Array): string[] {
    const decoded = this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    return this.#split(decoded);
  }

  /** @returns The text after the last line end. */
  end(): string[] {
    const lines = this.#split(this.#decoder.end());
    if (this.#rest !== "") lines.push(this.#rest);
    this.#rest = "";
    return lines;
  }

  #split(decoded: string): string[] {
    const text = this.#hadReturn && decoded.startsWith("\n") ? decoded.slice(1) : decoded;
    if (decoded !== "") this.#hadReturn = decoded.endsWith("\r");
    const lines = text.split(/\r\n|[\r\n]/);
    lines[0] = this.#rest + lines[0];
    this.#rest = lines.pop() ?? "";
    const pieces: string[] = [];
    while (this.#rest.length > MAX_LINE_LENGTH) {
      pieces.push(this.#rest.slice(0, MAX_LINE_LENGTH));
      this.#rest = this.#rest.slice(MAX_LINE_LENGTH);
    }
    return [...lines, ...pieces];
  }
}
