import type { RetryOptions } from "../core/retry-policy.ts";
import { Collector, type Failure } from "../pipeline/collector.ts";
import { Task } from "../pipeline/task.ts";
import { fromThrownError } from "../protocol/error-info.ts";
import { TaskType } from "../protocol/task-type.ts";
import { assertCount } from "../role/checks.ts";
import { NOWHERE } from "../role/network.ts";
import { RemoteError } from "../role/remote-error.ts";
import { makeTasks } from "./local-roles.ts";
import { LocalRun } from "./local-run.ts";
import { MapOutput, type Outcome } from "./map-output.ts";
import {
  type PipelineOptions,
  resolveRestarts,
  resolveWorkers,
  type WorkerDefinition,
} from "./pipeline-options.ts";
import { refusedInput } from "./refused-input.ts";

/** Of {@link map}. */
export interface MapOptions
  extends Pick<WorkerDefinition, "exportName" | "threads" | "concurrency">,
    Pick<PipelineOptions, "restarts" | "onOutput"> {
  /**
   * How many processes work.
   * @default the number of cores; 1 with `threads`
   */
  readonly workers?: number;
  /**
   * Whether results come in the order of their inputs, or as soon as they are there.
   * @default true
   */
  readonly ordered?: boolean;
  /**
   * Whether an input may fail by itself: results are then like those of `Promise.allSettled`, with the input's index. Otherwise the
   * first failure is thrown, and everything is ended.
   * @default false
   */
  readonly settled?: boolean;
  /**
   * Most inputs that are pulled and whose results are not taken yet.
   * @default 2048
   */
  readonly maxPending?: number;
  /** How often, and after which wait, a failed input is tried again. */
  readonly retry?: RetryOptions;
  /**
   * Longest execution of one input, in ms.
   * @default no limit
   */
  readonly timeout?: number;
  /** Aborting it ends everything; the iteration throws its reason. */
  readonly signal?: AbortSignal;
}

/** A result of `map()` with `settled`, and the place of its input, counted from 0. */
export type MapResult<Result> = PromiseSettledResult<Result> & { readonly index: number };

/** Enough to keep workers busy with items of microseconds. */
const DEFAULT_MAX_PENDING = 2048;

/**
 * Maps inputs through a function of another file, over all cores: each worker is a process that imports the file. Inputs are pulled as
 * there is room, results are there to be iterated over; leaving the loop ends everything.
 *
 * @typeParam Input - Whatever MessagePack can carry: plain objects and arrays, dates, bigints, binary data.
 * @typeParam Result - The same.
 * @param inputs - Any iterable, sync or async; it may be endless.
 * @param module - The file: its default export, or its only function, gets an input and an `ExecutionInfo`, and returns a result or a
 *   promise of one.
 * @throws RemoteError `ITEM_FAILED` when the function threw, with the input's `index`; `settled` gives it as a result instead.
 * @throws PipelineError `WORKER_FAILED` when the file cannot be used, or workers die too often. Whatever the inputs threw.
 *
 * @example
 * ```ts
 * // square.js: export default (n) => n * n;
 * for await (const square of map([1, 2, 3], new URL("./square.js", import.meta.url), { workers: 2 })) {
 *   console.log(square);
 * }
 * ```
 */
export function map<Result = unknown, Input = unknown>(
  inputs: Iterable<Input> | AsyncIterable<Input>,
  module: URL | string,
  options: MapOptions & { readonly settled: true },
): AsyncGenerator<MapResult<Result>, void, undefined>;
export function map<Result = unknown, Input = unknown>(
  inputs: Iterable<Input> | AsyncIterable<Input>,
  module: URL | string,
  options?: MapOptions,
): AsyncGenerator<Result, void, undefined>;
export function map(
  inputs: Iterable<unknown> | AsyncIterable<unknown>,
  module: URL | string,
  options: MapOptions = {},
): AsyncGenerator<unknown, void, undefined> {
  const { ordered = true, maxPending = DEFAULT_MAX_PENDING } = options;
  assertCount("maxPending", maxPending, 1);
  const output = new MapOutput<unknown>(ordered, maxPending);
  // Here and not in the generator: what is wrong with the options is told at once.
  return iterate(makeRun(inputs, module, options, output), output, options);
}

async function* iterate(
  run: LocalRun,
  output: MapOutput<unknown>,
  { settled = false, signal }: MapOptions,
): AsyncGenerator<unknown, void, undefined> {
  const done = run.run(signal).then(
    () => output.end(signal?.aborted ? signal.reason : undefined),
    (error: unknown) => output.end(refusedInput(error)),
  );
  try {
    for (;;) {
      const outcome = await output.next();
      if (outcome === undefined) return;
      yield settled ? settledResult(outcome) : resultOf(outcome);
    }
  } finally {
    output.end();
    await run.stop(0);
    await done;
  }
}

function makeRun(
  inputs: Iterable<unknown> | AsyncIterable<unknown>,
  module: URL | string,
  options: MapOptions,
  output: MapOutput<unknown>,
): LocalRun {
  const { workers, threads = 0, retry, timeout, exportName, concurrency, restarts, onOutput } = options;
  const count = workers ?? (threads > 0 ? 1 : undefined);
  const task = new MapTask(inputs, output);
  Object.assign(task, retry === undefined ? {} : { retry }, timeout === undefined ? {} : { timeout });
  const tasks = makeTasks([task]);
  const definition = {
    module,
    threads,
    ...(count === undefined ? {} : { count }),
    ...(exportName === undefined ? {} : { exportName }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
  return new LocalRun({
    tasks,
    workers: resolveWorkers({ workers: definition }, tasks).map((plan) => ({ ...plan, isWrapped: true })),
    restarts: resolveRestarts(restarts),
    collector: new MapCollector(output),
    metadata: undefined,
    onOutput,
    distributor: {},
  });
}

/** Pulls inputs while there is room for their results. What is sync stays so: a promise for each item costs more than the rest. */
class MapTask extends Task<object> {
  readonly taskType = TaskType.register("map");
  readonly endpoint = NOWHERE;
  readonly #inputs: Iterable<unknown> | AsyncIterable<unknown>;
  readonly #output: MapOutput<unknown>;

  constructor(inputs: Iterable<unknown> | AsyncIterable<unknown>, output: MapOutput<unknown>) {
    super();
    this.#inputs = inputs;
    this.#output = output;
  }

  override isAvailableForHandling(): boolean {
    return this.#output.hasRoom;
  }

  override items(): Iterable<object> | AsyncIterable<object> {
    return Symbol.asyncIterator in this.#inputs ? this.#pullAsync(this.#inputs) : this.#pull(this.#inputs);
  }

  *#pull(inputs: Iterable<unknown>): Generator<object> {
    try {
      for (const value of inputs) yield { index: this.#output.pulled(), value };
    } catch (error) {
      this.#output.end(error); // who iterates gets it as it is
      throw error;
    }
  }

  async *#pullAsync(inputs: AsyncIterable<unknown>): AsyncGenerator<object> {
    try {
      for await (const value of inputs) yield { index: this.#output.pulled(), value };
    } catch (error) {
      this.#output.end(error);
      throw error;
    }
  }
}

class MapCollector extends Collector<{ index: number; value: unknown }> {
  readonly endpoint = NOWHERE;
  readonly ackEndpoint = NOWHERE;
  readonly #output: MapOutput<unknown>;

  constructor(output: MapOutput<unknown>) {
    super();
    this.#output = output;
  }

  handleCollection({ index, value }: { index: number; value: unknown }): undefined {
    this.#output.push({ ok: true, index, value });
  }

  override handleFailure({ data, error, attempts, id }: Failure<{ index: number }>): void {
    const { index } = data;
    const reason = new RemoteError("ITEM_FAILED", fromThrownError(error), {
      role: "worker",
      index,
      attempts,
      itemId: id,
    });
    this.#output.push({ ok: false, index, reason });
  }
}

function resultOf(outcome: Outcome<unknown>): unknown {
  if (!outcome.ok) throw outcome.reason;
  return outcome.value;
}

function settledResult(outcome: Outcome<unknown>): MapResult<unknown> {
  const { index } = outcome;
  return outcome.ok
    ? { status: "fulfilled", value: outcome.value, index }
    : { status: "rejected", reason: outcome.reason, index };
}
