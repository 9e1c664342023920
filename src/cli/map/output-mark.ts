import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  writeSync,
} from "node:fs";
import type { Remainder } from "../../distributor/item-iterator.ts";

/** Length of the file, in bytes: a write within one page of memory is done whole, or not at all, also when the process is killed. */
const LENGTH = 256;

/** Where a batch of lines begins in a file, and what it is. */
interface Batch {
  readonly run: string;
  /** The file's device and number on it. */
  readonly file: string;
  /** Length of the file before the batch, in bytes. */
  readonly size: number;
  /** Length of the batch, in bytes. */
  readonly bytes: number;
  /** The number of the first item of the batch. */
  readonly item: number;
}

/**
 * Keeps the lines of a file and a journal in step, although a kill may come between the two. Before a batch of lines is written, a small file
 * beside the journal notes where the batch begins. When the run goes on and the journal does not have the batch, what is there of the batch is cut
 * off, and its items are executed again. Does nothing where the output is no regular file, because nothing can be taken back then.
 */
export class OutputMark {
  readonly #path: string;
  readonly #output: number;
  readonly #file: string;
  #mark: number | undefined;
  #run = "";

  private constructor(journal: string, output: number, file: string) {
    this.#path = `${journal}.output`;
    this.#output = output;
    this.#file = file;
  }

  /** @param output - The file descriptor of the output. @returns `undefined` where the output is no regular file. */
  static of(journal: string, output: number): OutputMark | undefined {
    const { dev, ino } = fstatSync(output);
    if (!fstatSync(output).isFile()) return undefined;
    return new OutputMark(realPath(journal), output, `${dev}:${ino}`);
  }

  /** The journal is open, and so nobody else uses the mark. Cuts off what the journal does not have. */
  goOn({ runId, pending }: Remainder): void {
    this.#run = runId;
    this.#mark = openSync(this.#path, "a+", 0o600);
    closeSync(this.#mark);
    this.#mark = openSync(this.#path, "r+");
    const batch = this.#read();
    if (batch === undefined || batch.run !== runId || batch.file !== this.#file) return;
    const { size } = fstatSync(this.#output);
    // A longer file has more than the batch: somebody else has written to it.
    const isOurs = size > batch.size && size <= batch.size + batch.bytes;
    if (isOurs && pending.includes(batch.item)) ftruncateSync(this.#output, batch.size);
  }

  /** A batch of lines is about to be written. */
  begin(bytes: number, item: number): void {
    if (this.#mark === undefined) return;
    const { size } = fstatSync(this.#output);
    const batch: Batch = { run: this.#run, file: this.#file, size, bytes, item };
    writeSync(this.#mark, JSON.stringify(batch).padEnd(LENGTH), 0);
  }

  /** @param isInStep - Whether the journal has all that was written, so that the mark is not needed any more. */
  close(isInStep: boolean): void {
    if (this.#mark === undefined) return;
    closeSync(this.#mark);
    this.#mark = undefined;
    if (isInStep) rmSync(this.#path, { force: true });
  }

  #read(): Batch | undefined {
    const bytes = Buffer.alloc(LENGTH);
    const length = readSync(this.#mark as number, bytes, 0, LENGTH, 0);
    return length < LENGTH ? undefined : (JSON.parse(bytes.toString()) as Batch);
  }
}

/** Resolves links, so that a journal has one mark under all its names. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return path; // a new file
    throw error;
  }
}
