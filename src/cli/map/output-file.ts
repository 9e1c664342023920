import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";

const NEWLINE = 0x0a;

/** The file that results are appended to, and whether somebody else has changed it. */
export class OutputFile {
  /** Its device and number. */
  readonly id: string;
  readonly #file: number;
  /** The same file for reading: a shell opens it for writing only. Not every system can open it once more. */
  readonly #reading: number | undefined;
  readonly #hadName: boolean;
  /** Where the results end that were written so far. */
  #end: number;

  constructor(file: number) {
    const { dev, ino, nlink, size } = fstatSync(file);
    this.id = `${dev}:${ino}`;
    this.#file = file;
    this.#reading = openAgain(file, this.id);
    this.#hadName = nlink > 0;
    this.#end = size;
  }

  get size(): number {
    return fstatSync(this.#file).size;
  }

  /** Reads a part of the file; nothing when it cannot be read. */
  read(start: number, length: number): Buffer | undefined {
    if (this.#reading === undefined) return undefined;
    const bytes = Buffer.alloc(Math.max(0, length));
    let filled = 0;
    while (filled < bytes.length) {
      const count = readSync(this.#reading, bytes, filled, bytes.length - filled, start + filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  }

  /** Cuts off what comes after this place. */
  cut(size: number): void {
    ftruncateSync(this.#file, size);
    this.#end = size;
  }

  /** Ends a line that somebody else has begun, so that results begin on a line of their own. */
  endLine(): void {
    const { size } = this;
    const last = size === 0 ? NEWLINE : (this.read(size - 1, 1)?.[0] ?? NEWLINE);
    if (last !== NEWLINE) writeSync(this.#file, "\n");
  }

  /**
   * Says that results of this size are written next.
   *
   * @returns Where they will stand.
   * @throws Error when the file has lost results.
   */
  expect(bytes: number): number {
    const { problem } = this;
    if (problem !== undefined) throw new Error(problem);
    const { size } = this;
    this.#end = size + bytes;
    return size;
  }

  /** How results got lost that were written; `undefined` while they are there. */
  get problem(): string | undefined {
    const { nlink, size } = fstatSync(this.#file);
    if (nlink === 0 && this.#hadName) return "The output file was removed while results were written to it";
    return size < this.#end ? "The output file was cut while results were written to it" : undefined;
  }

  close(): void {
    if (this.#reading !== undefined) closeSync(this.#reading);
  }
}

function openAgain(file: number, id: string): number | undefined {
  let again: number;
  try {
    again = openSync(`/dev/fd/${file}`, constants.O_RDONLY);
  } catch {
    return undefined; // Windows, or a file that this user may only write
  }
  const { dev, ino } = fstatSync(again);
  if (`${dev}:${ino}` === id) return again;
  closeSync(again);
  return undefined;
}
