import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { replaceForJson } from "../protocol/json-values.ts";
import { SeqSet } from "../structures/seq-set.ts";

/** How much of an existing file is read at a time, in bytes. */
const CHUNK = 1024 * 1024;

const NEWLINE = 0x0a;

/** What every line begins with: the item's id. */
const ID = /^\{"id":"((?:[^"\\]|\\.)*)\/(\d+)"/;

/**
 * A file of JSON lines that each begin with an item's id. It knows which ids it has: those of earlier lives too, as ranges of sequence
 * numbers, so that ten million lines need no more memory than ten.
 */
export class NdjsonFile {
  readonly #file: number;
  /** By run and task. */
  readonly #known = new Map<string, SeqSet>();

  /** Opens it, or makes it. A line that a crash left unfinished is cut off. */
  constructor(path: string) {
    this.#file = openSync(path, "a+");
    this.#read();
  }

  /** Writes a line, unless the item has one. It is with the operating system when this returns. */
  add(id: string, content: object): void {
    const slash = id.lastIndexOf("/");
    const known = this.#knownOf(id.slice(0, slash));
    const seq = Number(id.slice(slash + 1));
    if (known.has(seq)) return;
    const line = Buffer.from(`${JSON.stringify({ id, ...content }, replaceForJson)}\n`);
    for (let written = 0; written < line.length; ) written += writeSync(this.#file, line, written);
    known.add(seq);
  }

  /** Waits for the disk. */
  flush(): void {
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }

  #read(): void {
    const { size } = fstatSync(this.#file);
    const buffer = Buffer.alloc(CHUNK);
    let rest = Buffer.alloc(0);
    let end = 0;
    for (let position = 0; position < size; ) {
      const read = readSync(this.#file, buffer, 0, CHUNK, position);
      position += read;
      const text = Buffer.concat([rest, buffer.subarray(0, read)]);
      let from = 0;
      for (let newline = text.indexOf(NEWLINE); newline >= 0; newline = text.indexOf(NEWLINE, from)) {
        this.#remember(text.toString("utf8", from, newline));
        from = newline + 1;
      }
      end += from;
      rest = text.subarray(from);
    }
    if (end < size) ftruncateSync(this.#file, end);
  }

  #remember(line: string): void {
    const [, owner, seq] = ID.exec(line) ?? [];
    if (owner !== undefined && seq !== undefined)
      this.#knownOf(JSON.parse(`"${owner}"`) as string).add(Number(seq));
  }

  #knownOf(owner: string): SeqSet {
    let known = this.#known.get(owner);
    if (known === undefined) {
      known = new SeqSet();
      this.#known.set(owner, known);
    }
    return known;
  }
}
