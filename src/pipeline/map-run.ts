import { Collector, encodedResults } from "../collector/collector.ts";
import type { EncodedResults } from "../collector/delivery-handlers.ts";
import type { Failure } from "../collector/failure.ts";
import type { Handled } from "../core/distributor/handled.ts";
import { goesOn, ItemIterator, type Remainder } from "../distributor/item-iterator.ts";
import { PipelineError } from "../errors.ts";
import type { JournalOptions } from "../journal/journal-options.ts";
import { fromThrownError } from "../protocol/error-info.ts";
import { itemNumber } from "../protocol/generation.ts";
import { decodePayload } from "../protocol/payload/payload.ts";
import { TaskType } from "../protocol/task-type.ts";
import { ProtocolError } from "../protocol/wire/byte-reader.ts";
import { NO_ENDPOINT } from "../role/network.ts";
import { RemoteError } from "../role/remote-error.ts";
import { definitionOf, type InputWorker } from "./input-worker.ts";
import { LocalRun } from "./local-run.ts";
import { LocalTask } from "./local-task.ts";
import type { ResultSource } from "./map-iterator.ts";
import {
  DEFAULT_MAX_PENDING,
  DEFAULT_MAX_PENDING_BYTES,
  type MapOptions,
  type MapResult,
} from "./map-options.ts";
import { MapOutput, type Outcome } from "./map-output.ts";
import { MapProgressReports } from "./map-progress.ts";
import { refusedInput } from "./refused-input.ts";
import { resolveRestarts, resolveWorkers, slotsOf } from "./resolve-workers.ts";
import { TakenResults } from "./taken-results.ts";

/** How often the state is read while a failure is not noted yet, in ms. */
const NOTED_MS = 5;

export type MapInputs = Iterable<unknown> | AsyncIterable<unknown>;

/** The run behind `map()`: a local run of one task, whose results a loop takes. */
export class MapRun implements ResultSource<unknown> {
  readonly #options: MapOptions;
  readonly #output: MapOutput;
  readonly #run: LocalRun;
  readonly #abort = () => this.#cutOff(this.#options.signal?.reason);
  readonly #progress: MapProgressReports;
  /** What is to be called when the caller is done with the results that it has. */
  #taken: (() => void)[] = [];
  #done: Promise<void> = Promise.resolve();
  #changed: () => void = () => {};
  ending: { readonly error?: { readonly thrown: unknown } } | undefined;

  /** @param worker - The file, or the program. */
  constructor(inputs: MapInputs, worker: InputWorker, options: MapOptions) {
    this.#options = options;
    const { retry, timeout, restarts, onOutput, inspectWorkers = false } = options;
    const hasJournal = options.journal !== undefined;
    const given = restarts === undefined ? {} : { restarts };
    const type = TaskType.register("map");
    const plans = resolveWorkers(
      { workers: definitionOf(worker, options, type), inspectWorkers, ...given },
      [],
    );
    this.#output = new MapOutput({
      isOrdered: options.ordered ?? !hasJournal,
      maxPending: options.maxPending ?? DEFAULT_MAX_PENDING,
      maxPendingBytes: options.maxPendingBytes ?? DEFAULT_MAX_PENDING_BYTES,
      slots: slotsOf(plans),
    });
    const task = new MapTask(type, inputs, this.#output, (error) => this.#fail(error));
    const { key } = options;
    Object.assign(
      task,
      retry === undefined ? {} : { retry },
      timeout === undefined ? {} : { timeout },
      key === undefined ? {} : { key: ({ value }: { value: unknown }) => key(value as never) },
    );
    this.#run = new LocalRun({
      tasks: [task],
      workers: plans.map((plan) => ({ ...plan, isWrapped: true })),
      restarts: resolveRestarts(restarts),
      collector: new MapCollector(hasJournal, options.settled === true, {
        arrived: (outcome) => {
          if (outcome.ok || outcome.done !== undefined || !hasJournal) this.#arrived(outcome);
          else this.#whenNoted(() => this.#arrived(outcome));
        },
        taken: (results) => {
          if (options.ordered === true) this.#run.resultsHere?.taken(results);
        },
      }),
      metadata: undefined,
      onOutput,
      distributor: {
        ...(options.windowTime === undefined ? {} : { windowTime: options.windowTime }),
        ...(options.journal === undefined ? {} : { journal: journalOf(options.journal, options.settled) }),
      },
      beforeOutput: () => this.#progress.erase(),
    });
    this.#progress = new MapProgressReports(options, sizeOf(inputs), () => this.#run.progress.tasks.map);
  }

  start(changed: () => void): void {
    this.#changed = changed;
    const { signal } = this.#options;
    if (signal?.aborted) return this.#abort();
    signal?.addEventListener("abort", this.#abort, { once: true });
    this.#progress.start((error) => this.#cutOff(error));
    this.#done = this.#run.run().then(
      () => this.#over({}),
      (error: unknown) => this.#over({ error: { thrown: refusedInput(error) } }),
    );
  }

  asked(): void {
    const taken = this.#taken;
    if (taken.length === 0) return;
    this.#taken = [];
    for (const done of taken) done();
  }

  take(): { readonly value: unknown } | undefined {
    const outcome = this.#output.take();
    if (outcome === undefined) return undefined;
    if (outcome.done !== undefined) this.#taken.push(outcome.done);
    const result = resultOf(outcome);
    if (this.#options.settled) return { value: result };
    if (result.status === "rejected") throw result.reason;
    return { value: result.value };
  }

  async close(): Promise<void> {
    this.#output.end();
    this.#over({});
    await this.#run.abort();
    await this.#done; // never rejects
  }

  #arrived(outcome: Outcome): void {
    this.#output.push(outcome);
    this.#changed();
  }

  /** Waits until the distributor, and so the journal, knows of a failure that ends the run. */
  #whenNoted(then: () => void): void {
    const failed = () => this.#run.progress.tasks.map?.failed ?? 0;
    const before = failed();
    const timer = setInterval(() => {
      if (failed() === before && this.ending === undefined) return;
      clearInterval(timer);
      then();
    }, NOTED_MS);
  }

  /** The inputs threw: the loop takes the results that have arrived, then throws that error. */
  #fail(thrown: unknown): void {
    this.#over({ error: { thrown } });
    void this.#run.abort();
  }

  /** The caller's signal was aborted: results that have arrived are dropped. */
  #cutOff(reason: unknown): void {
    this.#output.end();
    this.#fail(reason);
  }

  #over(ending: { readonly error?: { readonly thrown: unknown } }): void {
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.ending ??= this.#progress.end() ?? ending;
    this.#changed();
  }
}

/** Pulls inputs while there is room for their results. */
class MapTask extends LocalTask {
  readonly taskType: TaskType;
  readonly #inputs: MapInputs;
  readonly #output: MapOutput;
  readonly #failed: (error: unknown) => void;

  constructor(taskType: TaskType, inputs: MapInputs, output: MapOutput, failed: (error: unknown) => void) {
    super();
    this.taskType = taskType;
    this.#inputs = inputs;
    this.#output = output;
    this.#failed = failed;
  }

  override [goesOn](remainder: Remainder): void {
    this.#output.goOn(remainder);
  }

  override isAvailableForHandling(): boolean {
    return this.#output.hasRoom;
  }

  protected override open(): ItemIterator {
    try {
      return new ItemIterator(this.#inputs, {
        wrap: (value) => ({ index: this.#output.pulled(), value }),
        failed: this.#failed,
        encoded: (bytes) => this.#output.encoded(bytes),
        leftOut: (count) => this.#output.leftOut(count),
      });
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }
}

/** Where a {@link MapCollector}'s outcomes go. */
interface MapCollectorPort {
  arrived(outcome: Outcome): void;
  /** These results have arrived, and are collected later. */
  taken(results: readonly Handled[]): void;
}

class MapCollector extends Collector<object> {
  readonly endpoint = NO_ENDPOINT;
  readonly ackEndpoint = NO_ENDPOINT;
  readonly #waits: boolean;
  readonly #settled: boolean;
  readonly #port: MapCollectorPort;
  readonly #taken: TakenResults;

  /** @param waits - Whether an outcome counts as collected only when the loop has done with it. */
  constructor(waits: boolean, settled: boolean, port: MapCollectorPort) {
    super();
    this.#waits = waits;
    this.#settled = settled;
    this.#port = port;
    this.#taken = new TakenResults((results) => port.taken(results));
  }

  /** @internal Results stay encoded until the loop takes them, so that their size is known. */
  override [encodedResults](): EncodedResults {
    return (delivery) => {
      if (this.#waits) this.#taken.add(delivery);
      return this.#give({ ok: true, seq: itemNumber(delivery.seq), payload: delivery.payload });
    };
  }

  /** Never called, because `encodedResults` takes the results. */
  handleCollection(): undefined {}

  override handleFailure({
    data,
    error,
    attempts,
    id,
  }: Failure<{ index: number }>): Promise<void> | undefined {
    const { index } = data;
    const reason = new RemoteError("ITEM_FAILED", fromThrownError(error), {
      role: "worker",
      index,
      attempts,
      itemId: id,
    });
    return this.#give({ ok: false, seq: Number(id.slice(id.lastIndexOf("/") + 1)), index, reason });
  }

  #give(outcome: Outcome): Promise<void> | undefined {
    // A failure that ends the run is collected by that.
    if (this.#waits && (outcome.ok || this.#settled))
      return new Promise((done) => this.#port.arrived({ ...outcome, done }));
    this.#port.arrived(outcome);
    return undefined;
  }
}

/** How many inputs there are, where that is known before they are pulled. */
function sizeOf(inputs: MapInputs): number | undefined {
  if (Array.isArray(inputs) || ArrayBuffer.isView(inputs))
    return Number((inputs as { length?: number }).length);
  return inputs instanceof Set || inputs instanceof Map ? inputs.size : undefined;
}

/** A failure that has ended the last run was no result: its input is executed again. */
function journalOf(journal: string | JournalOptions, settled = false): JournalOptions {
  const given = typeof journal === "string" ? { path: journal } : journal;
  return { retryFailed: !settled, ...given };
}

function resultOf(outcome: Outcome): MapResult<unknown> {
  if (!outcome.ok) return { status: "rejected", reason: outcome.reason, index: outcome.index };
  try {
    const { value, index } = decodePayload(outcome.payload);
    return { status: "fulfilled", value, index: Number(index) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const index = outcome.seq;
    const reason = new PipelineError("BAD_MESSAGE", `The result cannot be decoded: ${error.message}`, {
      role: "worker",
      index,
    });
    return { status: "rejected", reason, index };
  }
}
