import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { seqOf } from "../protocol/generation.ts";
import { replaceForJson } from "../protocol/json-values.ts";
import { SeqSet } from "../structures/seq-set.ts";
import { linesOf } from "./file-lines.ts";

/** The beginning of every line: the item's id, and its generation if that is not the first. */
const HEAD = /^\{"id":"((?:[^"\\]|\\.)*)\/(\d+)"(?:,"generation":(\d+))?/;

/** The item of a line, in one of its generations. */
export interface LineItem {
  /** The run and the task, as they are in the id. */
  readonly task: string;
  /** The number at the end of the id. */
  readonly number: number;
  readonly generation: number;
}

/**
 * A file of JSON lines, each of which begins with an item's id. The ids in the file are known, also those that earlier processes wrote. They
 * are kept as ranges of sequence numbers, so that ten million lines need no more memory than ten.
 */
export class NdjsonFile {
  readonly #path: string;
  readonly #file: number;
  readonly #hasGenerations: boolean;
  /** What is in the file, by run and task. */
  readonly #known = new Map<string, SeqSet>();
  #lastGeneration = 0;

  /**
   * Opens the file, or makes it. A line that a crash left unfinished is cut off.
   *
   * @param hasGenerations - Whether an item may have a line for each of its generations, or only one.
   * @param seen - Called with the item of each line in the file.
   */
  constructor(path: string, hasGenerations = false, seen: (item: LineItem) => void = () => {}) {
    this.#path = path;
    this.#hasGenerations = hasGenerations;
    this.#file = openSync(path, "a+");
    const end = linesOf(this.#file, (line) => {
      const item = itemOf(line);
      if (item === undefined) return;
      this.#add(item);
      seen(item);
    });
    if (end < fstatSync(this.#file).size) ftruncateSync(this.#file, end);
  }

  /**
   * Writes a line, unless the item has one. The operating system has the line when this returns.
   *
   * @returns The line's item.
   */
  add(id: string, content: object, generation = 0): LineItem {
    const slash = id.lastIndexOf("/");
    const item = { task: id.slice(0, slash), number: Number(id.slice(slash + 1)), generation };
    if (this.has(item)) return item;
    const which = generation === 0 ? { id } : { id, generation };
    writeLine(this.#file, JSON.stringify({ ...which, ...content }, replaceForJson));
    this.#add(item);
    return item;
  }

  /** Whether the item has a line: in this generation, if the file has generations. */
  has(item: LineItem): boolean {
    return this.#known.get(item.task)?.has(this.#keyOf(item)) ?? false;
  }

  /** Whether the item has a line of a later generation. */
  hasLater(item: LineItem): boolean {
    for (let generation = item.generation + 1; generation <= this.#lastGeneration; generation++)
      if (this.has({ ...item, generation })) return true;
    return false;
  }

  /** Writes the file to the disk. */
  flush(): void {
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }

  /**
   * Closes the file, and removes lines from it. A process that is killed meanwhile leaves the file as it was.
   *
   * @param isKept - Says for the item of each line whether the line stays.
   */
  closeWith(isKept: (item: LineItem) => boolean): void {
    try {
      if (fstatSync(this.#file).isFile()) this.#rewrite(isKept); // a pipe or a device has no lines
    } finally {
      this.close();
    }
  }

  #rewrite(isKept: (item: LineItem) => boolean): void {
    const target = realpathSync(this.#path);
    // A name that no file of a user has, and that no link can take beforehand.
    const unfinished = `${target}.new.${randomBytes(8).toString("hex")}`;
    const copy = openSync(unfinished, "wx", 0o600);
    try {
      linesOf(this.#file, (line) => {
        const item = itemOf(line);
        if (item === undefined || isKept(item)) writeLine(copy, line);
      });
      fchmodSync(copy, fstatSync(this.#file).mode & 0o7777);
      fsyncSync(copy);
      renameSync(unfinished, target);
    } catch (error) {
      rmSync(unfinished, { force: true });
      throw error;
    } finally {
      closeSync(copy);
    }
  }

  #add(item: LineItem): void {
    let known = this.#known.get(item.task);
    if (known === undefined) {
      known = new SeqSet();
      this.#known.set(item.task, known);
    }
    known.add(this.#keyOf(item));
    this.#lastGeneration = Math.max(this.#lastGeneration, item.generation);
  }

  #keyOf({ number, generation }: LineItem): number {
    return seqOf(number, this.#hasGenerations ? generation : 0);
  }
}

function itemOf(line: string): LineItem | undefined {
  const [, task, number, generation = 0] = HEAD.exec(line) ?? [];
  if (task === undefined) return undefined;
  return { task: JSON.parse(`"${task}"`) as string, number: Number(number), generation: Number(generation) };
}

function writeLine(file: number, text: string): void {
  const line = Buffer.from(`${text}\n`);
  for (let written = 0; written < line.length; ) written += writeSync(file, line, written);
}
