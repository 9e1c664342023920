import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, rmSync, writeSync } from "node:fs";
import type { Remainder } from "../../distributor/item-iterator.ts";
import { linesOf } from "../../sinks/file-lines.ts";
import { SeqSet } from "../../structures/seq-set.ts";
import { realPath } from "./real-path.ts";

/** What is told about a batch of results before it is written. */
interface Mark {
  /** The run that has the items. */
  readonly run: string;
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
 * run goes on, results that stand there in full are known, and a part of one is cut off. The file has the batches of one life of the run.
 */
export class PrintedResults {
  readonly #path: string;
  readonly #output: number | undefined;
  readonly #known = new SeqSet();
  #run = "";
  #marks: number | undefined;
  #isFirst = true;
  #outputId = "";

  /**
   * Opens no file.
   *
   * @param journal - The path of the journal.
   * @param output - The open file for results; `undefined` when they go elsewhere, and nothing can be said about where they stand.
   */
  constructor(journal: string, output: number | undefined) {
    this.#path = `${realPath(journal)}.printed`;
    this.#output = output;
  }

  /**
   * The run begins, or goes on: opens the files. The journal must be locked by now.
   *
   * @returns Those of the pending items whose results stand in an output. The journal must have them as settled before `mark` is called.
   */
  goOn({ runId, pending }: Pick<Remainder, "runId" | "pending">): readonly number[] {
    this.#run = runId;
    if (this.#output === undefined && !existsSync(this.#path)) return [];
    this.#open();
    return pending.filter((seq) => this.#known.has(seq));
  }

  /** Says that these results are written next, to the end of the output. */
  mark(items: Mark["items"]): void {
    const [marks, output] = [this.#marks, this.#output];
    if (marks === undefined || output === undefined) return;
    const start = fstatSync(output).size;
    const mark: Mark = { run: this.#run, file: this.#outputId, start, items };
    const line = Buffer.from(`${JSON.stringify(mark)}\n`);
    if (this.#isFirst) ftruncateSync(marks, 0); // the journal knows the results of earlier lives by now
    this.#isFirst = false;
    for (let written = 0; written < line.length; ) written += writeSync(marks, line, written);
  }

  /** @param isComplete - Whether the journal knows all results, so that nothing need be remembered. */
  close(isComplete: boolean): void {
    if (this.#marks !== undefined) closeSync(this.#marks);
    this.#marks = undefined;
    if (isComplete) rmSync(this.#path, { force: true });
  }

  #open(): void {
    const { dev, ino, size } = this.#output === undefined ? NO_FILE : fstatSync(this.#output);
    if (this.#output !== undefined) this.#outputId = `${dev}:${ino}`;
    this.#marks = openSync(this.#path, "a+", 0o600);
    let last: Mark | undefined;
    const end = linesOf(this.#marks, (line) => {
      if (last !== undefined) this.#read(last, size, false);
      last = JSON.parse(line) as Mark;
    });
    if (end < fstatSync(this.#marks).size) ftruncateSync(this.#marks, end);
    if (last !== undefined) this.#read(last, size, true);
  }

  /** @param isLast - Whether the batch may have been cut off while it was written. */
  #read({ run, file, start, items }: Mark, size: number, isLast: boolean): void {
    if (run !== this.#run) return; // another journal has taken the name
    const isSame = file === this.#outputId;
    if (!isSame && isLast) return; // whether it was written in full is not known
    let end = start;
    for (const [seq, bytes] of items) {
      if (isSame && end + bytes > size) {
        if (isLast && end < size) ftruncateSync(this.#output as number, end);
        return;
      }
      end += bytes;
      this.#known.add(seq);
    }
  }
}

const NO_FILE = { dev: 0, ino: 0, size: 0 };
