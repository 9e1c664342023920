import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import type { Remainder } from "../../distributor/item-iterator.ts";
import { PipelineError } from "../../errors.ts";
import { unavailable } from "../../journal/journal-options.ts";
import { realPath } from "../../journal/real-path.ts";
import { openRegular } from "../../journal/regular-file.ts";
import { linesOf } from "../../sinks/file-lines.ts";
import { OutputFile } from "./output-file.ts";
import {
  type Batch,
  type Beginning,
  decodeMark,
  encodeMark,
  isPartOfMark,
  printedLine,
} from "./printed-marks.ts";
import { OutputMismatch, PrintedReading } from "./printed-reading.ts";

/** Bytes of an unfinished mark that are looked at. */
const REST_BYTES = 64;

/**
 * Knows which results stand in the output file of a run with a journal. The journal learns of a result after it was written; a command that is
 * killed in between would write it once more when it goes on. So a file beside the journal says, before a batch is written, where it will stand. When the
 * run goes on, results that stand there in full are known, and a part of one is cut off. The file has the batches of one life of the run.
 *
 * It also shows when journal and output are not of the same run, or not of the same time: somebody has put another file or an older copy in the
 * place of one of them, or has cut the output.
 */
export class PrintedResults {
  readonly #journal: string;
  readonly #path: string;
  readonly #output: OutputFile | undefined;
  #beginning: Beginning | undefined;
  #marks: number | undefined;
  #isFirst = true;

  /**
   * Opens no file.
   *
   * @param journal - The path of the journal.
   * @param output - The open file for results; `undefined` when they go elsewhere, and nothing can be said about where they stand.
   */
  constructor(journal: string, output: number | undefined) {
    this.#journal = journal;
    this.#path = `${realPath(journal)}.printed`;
    this.#output = output === undefined ? undefined : new OutputFile(output);
  }

  /**
   * The run begins, or goes on: opens the files. The journal must be locked by now.
   *
   * @returns Those of the pending items whose results stand in an output. The journal must have them as settled before `mark` is called.
   * @throws PipelineError `JOURNAL_MISMATCH` when the output does not belong to the journal; nothing was changed then.
   */
  goOn(remainder: Remainder): readonly number[] {
    const { runId, pending, nextNumber } = remainder;
    if (this.#output === undefined && !existsSync(this.#path)) return [];
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND;
    try {
      this.#marks = openRegular(this.#path, flags, 0o600);
    } catch (error) {
      throw unavailable(this.#journal, error);
    }
    const stands = this.#readFitting(this.#marks, remainder);
    const known = pending.filter(stands);
    this.#beginning = { run: runId, next: nextNumber, pending: pending.filter((seq) => !stands(seq)) };
    return known;
  }

  /** Says that these lines are written next, to the end of the output. @throws Error when the output was removed or cut meanwhile. */
  mark(results: readonly (readonly [seq: number, line: string])[]): void {
    const [marks, output, beginning] = [this.#marks, this.#output, this.#beginning];
    if (marks === undefined || output === undefined || beginning === undefined) return;
    const lines = results.map(([seq, line]) => printedLine(seq, line));
    if (this.#isFirst) output.endLine();
    const start = output.expect(lines.reduce((sum, [, bytes]) => sum + bytes, 0));
    if (this.#isFirst) ftruncateSync(marks, 0); // the journal knows the results of earlier lives by now
    const head = this.#isFirst ? encodeMark({ beginning }) : "";
    this.#isFirst = false;
    writeFileSync(marks, head + encodeMark({ batch: { file: output.id, start, lines } }));
  }

  /** What has happened to the results in the output; `undefined` when they are there. */
  get problem(): string | undefined {
    return this.#output?.problem;
  }

  /** @param isComplete - Whether the journal knows all results, so that nothing need be remembered. */
  close(isComplete: boolean): void {
    if (this.#marks !== undefined) closeSync(this.#marks);
    if (isComplete && this.#marks !== undefined) rmSync(this.#path, { force: true });
    this.#marks = undefined;
    this.#output?.close();
  }

  #readFitting(marks: number, now: Remainder): (seq: number) => boolean {
    try {
      return this.#read(marks, now);
    } catch (error) {
      if (error instanceof OtherRun && now.nextNumber === 0) {
        ftruncateSync(marks, 0); // the journal of that run was removed, and a new run begins
        return () => false;
      }
      if (!(error instanceof OutputMismatch)) throw error;
      const message =
        `Journal ${JSON.stringify(this.#journal)} does not fit the output: ${error.message}. ` +
        `To go on all the same, remove ${JSON.stringify(this.#path)}: results may be missing then, or come twice`;
      throw new PipelineError("JOURNAL_MISMATCH", message, { role: "distributor" });
    }
  }

  /**
   * Reads the marks of the latest life.
   *
   * @returns Whether the result of an item stands in an output.
   */
  #read(marks: number, now: Remainder): (seq: number) => boolean {
    const reading = new PrintedReading(now, this.#output);
    let last: Batch | undefined;
    const end = linesOf(marks, (text) => {
      const mark = decodeMark(text);
      if (mark === undefined) throw this.#isForeign();
      if ("batch" in mark) {
        if (last !== undefined) reading.batch(last, false);
        last = mark.batch;
      } else if (mark.beginning.run === now.runId) reading.beginning(mark.beginning);
      else
        throw new OtherRun(
          `the output is of run ${mark.beginning.run}, and the journal of run ${now.runId}: another journal was put in its place`,
        );
    });
    const { size } = fstatSync(marks);
    const rest = Buffer.alloc(Math.min(REST_BYTES, size - end));
    readSync(marks, rest, 0, rest.length, end);
    if (!isPartOfMark(rest.toString())) throw this.#isForeign();
    if (last !== undefined) reading.batch(last, true);
    const stands = reading.end();
    if (end < size) ftruncateSync(marks, end);
    return stands;
  }

  #isForeign(): PipelineError {
    const cause = new Error(
      `${JSON.stringify(this.#path)} is in the way, and is no file of a run: move it away`,
    );
    return unavailable(this.#journal, cause);
  }
}

/** The marks are of another run. */
class OtherRun extends OutputMismatch {}
