import { BatchCollector } from "../../collector/batch-collector.ts";
import type { CollectedResult } from "../../collector/collected-result.ts";
import type { Failure } from "../../collector/failure.ts";
import type { MapOutput } from "../../pipeline/map-output.ts";
import { replaceForJson } from "../../protocol/json-values.ts";
import { NO_ENDPOINT } from "../../role/network.ts";
import type { Output } from "../output.ts";
import type { NumberedInput } from "./input-task.ts";

export interface ResultPrinterOptions {
  readonly output: Output;
  /** Text results are printed as they are, not as JSON. */
  readonly isRaw: boolean;
  /** Keeps lines until those of earlier inputs are there; without it, lines are printed as they arrive. */
  readonly order: MapOutput | undefined;
  /** Whether a result counts as collected only when it could be written. */
  readonly isJournalled: boolean;
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
    for (const { data } of results) this.#take(data);
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
    const { isRaw, order } = this.#options;
    const text = isRaw && typeof value === "string" ? value : JSON.stringify(value ?? null, replaceForJson);
    if (order === undefined) this.#text += `${text}\n`;
    // Only a key leaves inputs out, and ordered results exclude it: an input's index is its item's number.
    else order.push({ ok: true, seq: index, payload: Buffer.from(`${text}\n`) });
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
