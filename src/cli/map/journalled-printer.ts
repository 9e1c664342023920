import { Collector, laterResults } from "../../collector/collector.ts";
import type { LaterResults } from "../../collector/delivery-handlers.ts";
import type { Failure } from "../../collector/failure.ts";
import type { Delivery } from "../../core/collector/inbox.ts";
import type { ResultsHere } from "../../distributor/results-here.ts";
import { groupByWorker } from "../../pipeline/group-by-worker.ts";
import type { MapOutput } from "../../pipeline/map-output.ts";
import { itemNumber } from "../../protocol/generation.ts";
import { MessageType } from "../../protocol/message-type.ts";
import { NO_ENDPOINT } from "../../role/network.ts";
import type { Output } from "../output.ts";
import type { NumberedInput } from "./input-task.ts";
import type { PrintedResults } from "./printed-results.ts";
import { lineOf, numberIn, type ResultFormat } from "./result-line.ts";

/** Most bytes and lines that are written at once: so much is executed again after a kill. */
const BATCH_BYTES = 256 * 1024;
const BATCH_LINES = 1000;

export interface JournalledPrinterOptions {
  readonly output: Output;
  /** Keeps the output in step with the journal. */
  readonly printed: PrintedResults;
  /** Text results are printed as they are, not as JSON. */
  readonly format: ResultFormat;
  /** Decides in which order lines are printed. */
  readonly order: MapOutput;
  /** Where results are reported. */
  readonly run: () => ResultsHere | undefined;
  readonly failed: (failure: Failure<NumberedInput>) => void;
}

/** A result whose line waits. */
interface Waiting {
  readonly delivery: Delivery;
  printed(): void;
  failed(error: unknown): void;
}

/**
 * The collector of `zmqpipeline map` with a journal and results in order: a result is collected when its line is written. Lines wait for those
 * of earlier inputs; their workers execute further inputs meanwhile.
 */
export class JournalledPrinter extends Collector<NumberedInput> {
  readonly endpoint = NO_ENDPOINT;
  readonly ackEndpoint = NO_ENDPOINT;
  readonly #options: JournalledPrinterOptions;
  /** By the numbers of the items. */
  readonly #waiting = new Map<number, Waiting>();
  /** The numbers of results that have arrived in this turn. */
  #arrived: number[] = [];
  #isAwake = false;
  #isPrinting = false;
  /** Something could not be printed: the run is being cut off. */
  #hasFailed = false;
  #printing = Promise.resolve();

  constructor(options: JournalledPrinterOptions) {
    super();
    this.#options = options;
  }

  override [laterResults](): LaterResults {
    return {
      take: (result, delivery) => {
        const data = result.data as NumberedInput;
        this.handleCollection(data, result.taskType, MessageType.DATA, result);
        return new Promise((printed, failed) => {
          const { format, order } = this.#options;
          const number = itemNumber(delivery.seq);
          this.#waiting.set(number, { delivery, printed, failed });
          this.#arrived.push(number);
          const payload = Buffer.from(lineOf(data.value, format));
          order.push({ ok: true, seq: number, payload });
          this.#wake();
        });
      },
      underWay: () => (this.#isPrinting || this.#isAwake ? this.#printing : undefined),
    };
  }

  /** Prints nothing: it is here for statistics, which listen to it. */
  handleCollection(..._result: unknown[]): undefined {}

  override handleFailure(failure: Failure<unknown>): undefined {
    const known = failure as Failure<NumberedInput>;
    this.#options.failed(known);
    const { id, data, error } = known;
    const reason = new Error(error.message);
    this.#options.order.push({ ok: false, seq: numberIn(id), index: data.index, reason });
    this.#wake();
    return undefined;
  }

  /** Prints once in each turn, so that results that arrive together are written together. */
  #wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    queueMicrotask(() => {
      this.#isAwake = false;
      if (!this.#isPrinting && !this.#hasFailed) this.#printing = this.#print();
      this.#reportWaiting();
    });
  }

  /** Lets the workers go on whose results wait for others. */
  #reportWaiting(): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    const waiting: Delivery[] = [];
    for (const number of arrived) {
      const { delivery } = this.#waiting.get(number) ?? {};
      if (delivery !== undefined) waiting.push(delivery);
    }
    if (waiting.length > 0) this.#options.run()?.taken(groupByWorker(waiting));
  }

  async #print(): Promise<void> {
    const { output, printed: marks, run } = this.#options;
    this.#isPrinting = true;
    for (let batch = this.#nextBatch(); batch.results.length > 0; batch = this.#nextBatch()) {
      const { lines, results } = batch;
      try {
        marks.mark(results.map(({ delivery }, index) => [delivery.seq, lines[index] as string]));
        // What could not be written must not count as collected.
        this.#hasFailed = !(await output.written(lines.join("")));
        if (this.#hasFailed) break;
        run()?.handled(groupByWorker(results.map(({ delivery }) => delivery)));
        for (const { printed } of results) printed();
      } catch (error) {
        this.#hasFailed = true;
        for (const { failed } of results) failed(error);
        break;
      }
    }
    this.#isPrinting = false;
  }

  #nextBatch() {
    const lines: string[] = [];
    const results: Waiting[] = [];
    let bytes = 0;
    while (bytes < BATCH_BYTES && lines.length < BATCH_LINES) {
      const outcome = this.#options.order.take();
      if (outcome === undefined) break;
      const waiting = this.#waiting.get(outcome.seq);
      if (!outcome.ok || waiting === undefined) continue;
      this.#waiting.delete(outcome.seq);
      lines.push(Buffer.from(outcome.payload).toString());
      bytes += outcome.payload.length;
      results.push(waiting);
    }
    return { lines, results };
  }
}
