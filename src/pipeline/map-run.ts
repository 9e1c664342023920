import { Collector, encodedResults } from "../collector/collector.ts";
import type { EncodedResults } from "../collector/delivery-handlers.ts";
import type { Failure } from "../collector/failure.ts";
import { ItemIterator } from "../distributor/item-iterator.ts";
import { PipelineError } from "../errors.ts";
import { fromThrownError } from "../protocol/error-info.ts";
import { decodePayload } from "../protocol/payload/payload.ts";
import { TaskType } from "../protocol/task-type.ts";
import { ProtocolError } from "../protocol/wire/byte-reader.ts";
import { NO_ENDPOINT } from "../role/network.ts";
import { RemoteError } from "../role/remote-error.ts";
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
import { refusedInput } from "./refused-input.ts";
import { resolveRestarts, resolveWorkers } from "./resolve-workers.ts";

export type MapInputs = Iterable<unknown> | AsyncIterable<unknown>;

/** The run behind `map()`: a local run of one task, whose results a loop takes. */
export class MapRun implements ResultSource<unknown> {
  readonly #options: MapOptions;
  readonly #output: MapOutput;
  readonly #run: LocalRun;
  readonly #abort = () => this.#cutOff(this.#options.signal?.reason);
  #done: Promise<void> = Promise.resolve();
  #changed: () => void = () => {};
  ending: { readonly error?: { readonly thrown: unknown } } | undefined;

  constructor(inputs: MapInputs, module: URL | string, options: MapOptions) {
    this.#options = options;
    const { workers, threads = 0, concurrency = 1, retry, timeout, exportName, restarts, onOutput } = options;
    const count = workers ?? (threads > 0 ? 1 : undefined);
    const definition = {
      module,
      threads,
      concurrency,
      ...(count === undefined ? {} : { count }),
      ...(exportName === undefined ? {} : { exportName }),
    };
    const type = TaskType.register("map");
    const plans = resolveWorkers({ workers: { ...definition, taskType: type } }, []);
    this.#output = new MapOutput({
      isOrdered: options.ordered ?? true,
      maxPending: options.maxPending ?? DEFAULT_MAX_PENDING,
      maxPendingBytes: options.maxPendingBytes ?? DEFAULT_MAX_PENDING_BYTES,
      slots: plans.reduce((slots, plan) => slots + plan.count * Math.max(plan.threads, plan.concurrency), 0),
    });
    const task = new MapTask(type, inputs, this.#output, (error) => this.#fail(error));
    Object.assign(task, retry === undefined ? {} : { retry }, timeout === undefined ? {} : { timeout });
    this.#run = new LocalRun({
      tasks: [task],
      workers: plans.map((plan) => ({ ...plan, isWrapped: true })),
      restarts: resolveRestarts(restarts),
      collector: new MapCollector((outcome) => {
        this.#output.push(outcome);
        this.#changed();
      }),
      metadata: undefined,
      onOutput,
      distributor: {},
    });
  }

  start(changed: () => void): void {
    this.#changed = changed;
    const { signal } = this.#options;
    if (signal?.aborted) return this.#abort();
    signal?.addEventListener("abort", this.#abort, { once: true });
    this.#done = this.#run.run().then(
      () => this.#over({}),
      (error: unknown) => this.#over({ error: { thrown: refusedInput(error) } }),
    );
  }

  take(): { readonly value: unknown } | undefined {
    const outcome = this.#output.take();
    if (outcome === undefined) return undefined;
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
    this.ending ??= ending;
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

  override isAvailableForHandling(): boolean {
    return this.#output.hasRoom;
  }

  protected override open(): ItemIterator {
    try {
      return new ItemIterator(this.#inputs, {
        wrap: (value) => ({ index: this.#output.pulled(), value }),
        failed: this.#failed,
        encoded: (bytes) => this.#output.encoded(bytes),
      });
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }
}

class MapCollector extends Collector<object> {
  readonly endpoint = NO_ENDPOINT;
  readonly ackEndpoint = NO_ENDPOINT;
  readonly #arrived: (outcome: Outcome) => void;

  constructor(arrived: (outcome: Outcome) => void) {
    super();
    this.#arrived = arrived;
  }

  /** @internal Results stay encoded until the loop takes them, so that their size is known. An item's number is its input's index. */
  override [encodedResults](): EncodedResults {
    return (index, payload) => this.#arrived({ ok: true, index, payload });
  }

  /** Never called, because `encodedResults` takes the results. */
  handleCollection(): undefined {}

  override handleFailure({ data, error, attempts, id }: Failure<{ index: number }>): void {
    const { index } = data;
    const reason = new RemoteError("ITEM_FAILED", fromThrownError(error), {
      role: "worker",
      index,
      attempts,
      itemId: id,
    });
    this.#arrived({ ok: false, index, reason });
  }
}

function resultOf(outcome: Outcome): MapResult<unknown> {
  const { index } = outcome;
  if (!outcome.ok) return { status: "rejected", reason: outcome.reason, index };
  try {
    return { status: "fulfilled", value: decodePayload(outcome.payload).value, index };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const reason = new PipelineError("BAD_MESSAGE", `The result cannot be decoded: ${error.message}`, {
      role: "worker",
      index,
    });
    return { status: "rejected", reason, index };
  }
}
