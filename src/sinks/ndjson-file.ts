import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { replaceForJson } from "../protocol/json-values.ts";
import { SeqSet } from "../structures/seq-set.ts";

/** Part of an existing file that is read at a time. */
const CHUNK_BYTES = 1024 * 1024;

const NEWLINE = 0x0a;

/** The beginning of every line: the item's id. */
const ID = /^\{"id":"((?:[^"\\]|\\.)*)\/(\d+)"/;

/**
 * A file of JSON lines, each of which begins with an item's id. The ids in the file are known, also those that earlier processes wrote. They
 * are kept as ranges of sequence numbers, so that ten million lines need no more memory than ten.
 */
export class NdjsonFile {
  readonly #file: number;
  /** The sequence numbers in the file, by run and task. */
  readonly #known = new Map<string, SeqSet>();

  /** Opens the file, or makes it. A line that a crash left unfinished is cut off. */
  constructor(path: string) {
    this.#file = openSync(path, "a+");
    this.#read();
  }

  /** Writes a line, unless the item has one. The operating system has the line when this returns. */
  add(id: string, content: object): void {
    const slash = id.lastIndexOf("/");
    const known = this.#knownOf(id.slice(0, slash));
    const seq = Number(id.slice(slash + 1));
    if (known.has(seq)) return;
    const line = Buffer.from(`${JSON.stringify({ id, ...content }, replaceForJson)}\n`);
    for (let written = 0; written < line.length; ) written += writeSync(this.#file, line, written);
    known.add(seq);
  }

  /** Writes the file to the disk. */
  flush(): void {
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }

  #read(): void {
    const { size } = fstatSync(this.#file);
    const buffer = Buffer.alloc(CHUNK_BYTES);
    let rest = Buffer.alloc(0);
    let end = 0;
    for (let position = 0; position < size; ) {
      const read = readSync(this.#file, buffer, 0, CHUNK_BYTES, position);
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
    const [, runAndTask, seq] = ID.exec(line) ?? [];
    if (runAndTask !== undefined && seq !== undefined)
      this.#knownOf(JSON.parse(`"${runAndTask}"`) as string).add(Number(seq));
  }

  #knownOf(runAndTask: string): SeqSet {
    let known = this.#known.get(runAndTask);
    if (known === undefined) {
      known = new SeqSet();
      this.#known.set(runAndTask, known);
    }
    return known;
  }
}
