import { BatchCollector } from "../../collector/batch-collector.ts";
import type { CollectedResult } from "../../collector/collected-result.ts";
import type { Failure } from "../../collector/failure.ts";
import type { MapOutput } from "../../pipeline/map-output.ts";
import { seqOf } from "../../protocol/generation.ts";
import { NO_ENDPOINT } from "../../role/network.ts";
import type { Output } from "../output.ts";
import type { NumberedInput } from "./input-task.ts";
import type { PrintedResults } from "./printed-results.ts";
import { lineOf, numberIn, type ResultFormat } from "./result-line.ts";

export interface ResultPrinterOptions {
  readonly output: Output;
  readonly format: ResultFormat;
  /** Keeps lines until those of earlier inputs are there; without it, lines are printed as they arrive. */
  readonly order: MapOutput | undefined;
  /** With a journal: keeps the output in step with it. */
  readonly printed: PrintedResults | undefined;
  readonly failed: (failure: Failure<NumberedInput>) => void;
}

/** The collector of `zmqpipeline map`: prints each result as a line. While standard output is full, no further result is acknowledged. */
export class ResultPrinter extends BatchCollector<NumberedInput> {
  readonly endpoint = NO_ENDPOINT;
  readonly ackEndpoint = NO_ENDPOINT;
  readonly #options: ResultPrinterOptions;
  #text = "";

  constructor(options: ResultPrinterOptions) {
    super();
    this.#options = options;
  }

  async handleBatch(results: readonly CollectedResult<NumberedInput>[]): Promise<undefined> {
    if (this.#options.printed === undefined) for (const { data } of results) this.#take(data);
    else this.#mark(results, this.#options.printed);
    await this.#print();
    return undefined;
  }

  override async handleFailure(failure: Failure<unknown>): Promise<void> {
    const { failed, order } = this.#options;
    const known = failure as Failure<NumberedInput>;
    failed(known);
    const { index } = known.data;
    order?.push({ ok: false, seq: index, index, reason: new Error(failure.error.message) });
    await this.#print();
  }

  #take({ index, value }: NumberedInput): void {
    const { order } = this.#options;
    const line = lineOf(value, this.#options.format);
    if (order === undefined) this.#text += line;
    // Nothing is left out without a journal: an input's index is its item's number.
    else order.push({ ok: true, seq: index, payload: Buffer.from(line) });
  }

  #mark(results: readonly CollectedResult<NumberedInput>[], printed: PrintedResults): void {
    printed.mark(
      results.map(({ id, generation, data }): [seq: number, line: string] => {
        const line = lineOf(data.value, this.#options.format);
        this.#text += line;
        return [seqOf(numberIn(id), generation), line];
      }),
    );
  }

  async #print(): Promise<void> {
    const { output, order, printed } = this.#options;
    for (let next = order?.take(); next !== undefined; next = order?.take())
      if (next.ok) this.#text += Buffer.from(next.payload).toString();
    const text = this.#text;
    this.#text = "";
    if (text !== "") output.data(text);
    await output.room();
    // Results that could not be written must not count as collected. The run is being cut off, which ends this wait.
    if (output.lost.aborted && printed !== undefined) await new Promise(() => {});
  }
}
