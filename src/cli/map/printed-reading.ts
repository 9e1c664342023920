import type { Remainder } from "../../distributor/item-iterator.ts";
import { generationOf, itemNumber } from "../../protocol/generation.ts";
import { SeqSet } from "../../structures/seq-set.ts";
import type { OutputFile } from "./output-file.ts";
import { type Batch, type Beginning, isLine, isPartOf, type PrintedLine } from "./printed-marks.ts";

/** Journal and output do not belong together. The message says why. */
export class OutputMismatch extends Error {}

const OLDER = "the output has results that it does not know: it is an older copy, or was cut";

/** Compares the marks of an earlier life of a run with its output and with its journal. */
export class PrintedReading {
  readonly #now: Remainder;
  readonly #pending: ReadonlySet<number>;
  readonly #output: OutputFile | undefined;
  readonly #size: number;
  readonly #standing = new SeqSet();
  #missing = 0;
  /** The first line that is not there in full. */
  #cut: { readonly at: number; readonly line: PrintedLine } | undefined;

  /** @param output - The output of this life. It need not be that of the earlier one. */
  constructor(now: Remainder, output: OutputFile | undefined) {
    this.#now = now;
    this.#pending = new Set(now.pending);
    this.#output = output;
    this.#size = output?.size ?? 0;
  }

  /** @throws OutputMismatch when the journal knows less than it did then. */
  beginning({ next, pending }: Beginning): void {
    const were = new Set(pending);
    const isOlder = this.#now.pending.some(
      // A failed item that is executed again was not pending then.
      (seq) => generationOf(seq) === 0 && itemNumber(seq) < next && !were.has(seq),
    );
    if (isOlder || this.#now.nextNumber < next) throw new OutputMismatch(OLDER);
  }

  /**
   * @param isLast - Whether the batch may have been cut off while it was written, or not have been written at all.
   * @throws OutputMismatch
   */
  batch({ file, start, lines }: Batch, isLast: boolean): void {
    if (file === this.#output?.id) this.#look(start, lines, isLast);
    // Whether the last batch was written in full to another output is not known.
    else if (!isLast) for (const [seq] of lines) this.#add(seq);
  }

  /**
   * Cuts off a part of a line.
   *
   * @returns Whether the result of an item stands in an output.
   * @throws OutputMismatch when what is there was not written by the run; nothing was changed then.
   */
  end(): (seq: number) => boolean {
    if (this.#missing > 0)
      throw new OutputMismatch(
        `${this.#missing === 1 ? "a result is" : `${this.#missing} results are`} missing in the output that it has as collected: the output was emptied ` +
          "or cut (append with >>, not with >)",
      );
    const cut = this.#cut;
    if (this.#output !== undefined && cut !== undefined && cut.at < this.#size) {
      const rest = this.#output.read(cut.at, this.#size - cut.at);
      if (rest !== undefined && !isPartOf(cut.line, rest)) throw changed(cut.at);
      this.#output.cut(cut.at);
    }
    return (seq) => this.#standing.has(seq);
  }

  #look(start: number, lines: readonly PrintedLine[], isLast: boolean): void {
    if (start > this.#size && this.#cut === undefined) this.#missing += 1; // and what came before it
    let at = start;
    for (const line of lines) {
      const [seq, bytes] = line;
      if (at + bytes > this.#size) this.#miss(seq, at, line);
      else if (isLast && !this.#isThere(line, at)) throw changed(at);
      else this.#add(seq);
      at += bytes;
    }
  }

  #isThere(line: PrintedLine, at: number): boolean {
    const found = this.#output?.read(at, line[1]);
    return found === undefined || isLine(line, found);
  }

  #add(seq: number): void {
    if (itemNumber(seq) >= this.#now.nextNumber) throw new OutputMismatch(OLDER);
    this.#standing.add(seq);
  }

  #miss(seq: number, at: number, line: PrintedLine): void {
    this.#cut ??= { at, line };
    if (itemNumber(seq) < this.#now.nextNumber && !this.#pending.has(seq)) this.#missing += 1;
  }
}

function changed(at: number): OutputMismatch {
  return new OutputMismatch(
    `the output has other text at byte ${at} than the run wrote there, which must be removed first`,
  );
}
