import { BatchCollector } from "../../collector/batch-collector.ts";
import type { CollectedResult } from "../../collector/collected-result.ts";
import type { Failure } from "../../collector/failure.ts";
import type { MapOutput } from "../../pipeline/map-output.ts";
import { seqOf } from "../../protocol/generation.ts";
import { replaceForJson } from "../../protocol/json-values.ts";
import { NO_ENDPOINT } from "../../role/network.ts";
import type { Output } from "../output.ts";
import type { NumberedInput } from "./input-task.ts";
import type { PrintedResults } from "./printed-results.ts";

export interface ResultPrinterOptions {
  readonly output: Output;
  /** Text results are printed as they are, not as JSON. */
  readonly isRaw: boolean;
  /** Keeps lines until those of earlier inputs are there; without it, lines are printed as they arrive. */
  readonly order: MapOutput | undefined;
  /** Whether a result counts as collected only when it could be written. */
  readonly isJournalled: boolean;
  /** Leaves out results that an earlier life of the run has printed. */
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
    else this.#takeNew(results, this.#options.printed);
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
    const line = this.#lineOf(value);
    if (order === undefined) this.#text += line;
    // Only a key leaves inputs out, and ordered results exclude it: an input's index is its item's number.
    else order.push({ ok: true, seq: index, payload: Buffer.from(line) });
  }

  #takeNew(results: readonly CollectedResult<NumberedInput>[], printed: PrintedResults): void {
    let task = "";
    const items: [seq: number, bytes: number][] = [];
    for (const { id, generation, data } of results) {
      const slash = id.lastIndexOf("/");
      const seq = seqOf(Number(id.slice(slash + 1)), generation);
      task = id.slice(0, slash);
      if (printed.has(task, seq)) continue;
      const line = this.#lineOf(data.value);
      items.push([seq, Buffer.byteLength(line)]);
      this.#text += line;
    }
    if (items.length > 0) printed.mark(task, items);
  }

  #lineOf(value: unknown): string {
    const { isRaw } = this.#options;
    return `${isRaw && typeof value === "string" ? value : JSON.stringify(value ?? null, replaceForJson)}\n`;
  }

  async #print(): Promise<void> {
    const { output, order, isJournalled } = this.#options;
    for (let next = order?.take(); next !== undefined; next = order?.take())
      if (next.ok) this.#text += Buffer.from(next.payload).toString();
    const text = this.#text;
    this.#text = "";
    if (text !== "") output.out(text);
    await output.room();
    // Results that could not be written must not count as collected. The run is being cut off, which ends this wait.
    if (output.lost.aborted && isJournalled) await new Promise(() => {});
  }
}
