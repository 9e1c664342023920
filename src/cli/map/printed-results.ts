import { closeSync, fstatSync, ftruncateSync, openSync, rmSync, writeSync } from "node:fs";
import { linesOf } from "../../sinks/file-lines.ts";
import { SeqSet } from "../../structures/seq-set.ts";

/** What is told about a batch of results before it is written. */
interface Mark {
  /** The run and the task, as they are in the items' ids. */
  readonly task: string;
  /** The output file: its device and number. */
  readonly file: string;
  /** Where the batch begins in the output file, in bytes. */
  readonly start: number;
  /** The sequence number of each item, and the bytes of its result. */
  readonly items: readonly (readonly [seq: number, bytes: number])[];
}

/**
 * Knows which results stand in the output file of a run with a journal. The journal learns of a result after it was written; a command that is
 * killed in between would write it once more when it goes on. So a file beside the journal says, before a batch is written, where it will stand. When the
 * run goes on, results that stand there in full are known, and a part of one is cut off.
 */
export class PrintedResults {
  readonly #path: string;
  readonly #output: number;
  readonly #known = new Map<string, SeqSet>();
  #marks: number | undefined;
  #outputId = "";

  /**
   * Opens no file.
   *
   * @param journal - The path of the journal.
   * @param output - The open file for results.
   */
  constructor(journal: string, output: number) {
    this.#path = `${journal}.printed`;
    this.#output = output;
  }

  /** Whether the item's result stands in the output. Opens the files: the journal must be locked by now. */
  has(task: string, seq: number): boolean {
    this.#open();
    return this.#known.get(task)?.has(seq) ?? false;
  }

  /** Says that these results are written next, to the end of the output. */
  mark(task: string, items: Mark["items"]): void {
    const mark: Mark = { task, file: this.#outputId, start: fstatSync(this.#output).size, items };
    const line = Buffer.from(`${JSON.stringify(mark)}\n`);
    const file = this.#open();
    for (let written = 0; written < line.length; ) written += writeSync(file, line, written);
  }

  /** @param isComplete - Whether the journal knows all results, so that nothing need be remembered. */
  close(isComplete: boolean): void {
    if (this.#marks !== undefined) closeSync(this.#marks);
    if (isComplete) rmSync(this.#path, { force: true });
  }

  #open(): number {
    if (this.#marks !== undefined) return this.#marks;
    const { dev, ino, size } = fstatSync(this.#output);
    this.#outputId = `${dev}:${ino}`;
    this.#marks = openSync(this.#path, "a+", 0o600);
    let last: Mark | undefined;
    const end = linesOf(this.#marks, (line) => {
      if (last !== undefined) this.#read(last, size, false);
      last = JSON.parse(line) as Mark;
    });
    if (end < fstatSync(this.#marks).size) ftruncateSync(this.#marks, end);
    if (last !== undefined) this.#read(last, size, true);
    return this.#marks;
  }

  /** @param isLast - Whether the batch may have been cut off while it was written. */
  #read({ task, file, start, items }: Mark, size: number, isLast: boolean): void {
    const isSame = file === this.#outputId;
    if (!isSame && isLast) return; // whether it was written in full is not known
    let end = start;
    for (const [seq, bytes] of items) {
      if (isSame && end + bytes > size) {
        if (isLast && end < size) ftruncateSync(this.#output, end);
        return;
      }
      end += bytes;
      this.#add(task, seq);
    }
  }

  #add(task: string, seq: number): void {
    const known = this.#known.get(task) ?? new SeqSet();
    this.#known.set(task, known);
    known.add(seq);
  }
}
