import { setMaxListeners } from "node:events";
import { PipelineError } from "../errors.ts";
import { MAX_TIMER_MS } from "../executor/settles-within.ts";
import { assertStopOptions, type StopOptions } from "../role/role.ts";
import { atCaller } from "../self/at-caller.ts";
import type { InputWorker } from "./input-worker.ts";
import { MapIterator, type MapResults } from "./map-iterator.ts";
import { assertInputs, type MapResult } from "./map-options.ts";
import type { MapInputs } from "./map-run.ts";
import type { MappedResult, WorkerInput } from "./module-types.ts";
import { PoolMap } from "./pool-map.ts";
import {
  assertPoolArguments,
  assertPoolMapOptions,
  assertPoolRunOptions,
  type PoolMapOptions,
  type PoolOptions,
  type PoolProgramOptions,
  type PoolRunOptions,
} from "./pool-options.ts";
import { PoolRun } from "./pool-run.ts";
import { PriorityQueue } from "./priority-queue.ts";
import { namesProgram, programOptionsOf } from "./program-command.ts";

/** Inputs that take less than this, in ms, are handed over several at a time, so that workers do not wait for them. */
const SHORT_MS = 5;

/** How many short inputs there are for each that is executed. */
const AHEAD = 16;

/** Weight of the newest input in the mean time. */
const WEIGHT = 0.1;

/** An input between `run()` and its result. */
interface Waiting {
  readonly input: unknown;
  readonly abort: AbortController;
  settle(outcome: { readonly value: unknown } | { readonly error: unknown }): void;
  isSettled: boolean;
}

/**
 * Workers that stay, for inputs that come one by one. {@link createPool} makes it. Use it on the main thread. The process does not end by itself
 * before `close()`.
 *
 * @typeParam Input - Plain data.
 * @typeParam Result - Plain data.
 */
export class Pool<Input = unknown, Result = unknown> implements AsyncDisposable {
  readonly #run: PoolRun;
  readonly #queue = new PriorityQueue<Waiting>();
  /** Inputs without a result, whether they wait or are executed. */
  readonly #open = new Set<Waiting>();
  #sent = 0;
  #meanMs = Number.POSITIVE_INFINITY;
  #failure: { readonly error: unknown } | undefined;
  #closing: Promise<void> | undefined;
  #idle: () => void = () => {};

  /** @internal */
  constructor(worker: InputWorker, options: PoolOptions) {
    this.#run = new PoolRun(worker, options, {
      failed: (error) => this.#fail(error),
      changed: () => this.#send(),
      hasWaiting: () => this.#open.size > this.#sent,
    });
  }

  /**
   * Runs the function with one input. Any number of calls may be under way; inputs wait until a worker is free.
   *
   * @param input - Plain data.
   * @param options - A signal, the longest wait in ms, a priority.
   * @returns The function's result.
   * @throws RemoteError `REQUEST_FAILED` when the function threw. PipelineError `REQUEST_TIMEOUT`, `EXECUTION_TIMEOUT`, `REQUEST_LOST` when
   *   the input's workers died, `WORKER_FAILED` when the file cannot be used, `CLIENT_STOPPED` after `close()`. The signal's reason.
   * @throws TypeError, RangeError when an option is wrong, or the input cannot be sent.
   *
   * @example
   * ```ts
   * const thumbnail = await pool.run({ path: "a.png" }, { signal: AbortSignal.timeout(1000), priority: 1 });
   * ```
   */
  async run(input: Input, options: PoolRunOptions = {}): Promise<Result> {
    atCaller(Pool.prototype.run, () => assertPoolRunOptions(options));
    const { signal, timeout = Number.POSITIVE_INFINITY, priority = 0 } = options;
    if (signal?.aborted) throw signal.reason;
    if (this.#closing !== undefined) throw closed();
    if (this.#failure !== undefined) throw this.#failure.error;
    return (await new Promise<unknown>((resolve, reject) => {
      const abort = () => waiting.settle({ error: signal?.reason });
      const timer =
        timeout > MAX_TIMER_MS ? undefined : setTimeout(() => waiting.settle(late(timeout)), timeout);
      const waiting: Waiting = {
        input,
        abort: new AbortController(),
        isSettled: false,
        settle: (outcome) => {
          if (waiting.isSettled) return;
          waiting.isSettled = true;
          clearTimeout(timer);
          signal?.removeEventListener("abort", abort);
          if ("error" in outcome) reject(outcome.error);
          else resolve(outcome.value);
          waiting.abort.abort();
          this.#open.delete(waiting);
          if (this.#open.size === 0) this.#idle();
        },
      };
      if (signal !== undefined) setMaxListeners(0, signal); // one listener for each input is no leak
      signal?.addEventListener("abort", abort, { once: true });
      this.#open.add(waiting);
      this.#queue.push(waiting, priority);
      this.#send();
    })) as Result;
  }

  /**
   * Runs the function over many inputs, with the pool's workers. Inputs are pulled as results are taken; leaving the loop aborts what is left.
   *
   * @param inputs - Any iterable, sync or async.
   * @param options - As for `map()`: `ordered`, `settled`, `maxPending`, `signal`; and the `priority` of all inputs.
   * @returns The results, to be iterated over once, or all at once with `toArray()`.
   * @throws The errors of `run()`, with the input's `index`; and those of the inputs.
   *
   * @example
   * ```ts
   * for await (const square of pool.map([1, 2, 3])) console.log(square);
   * ```
   */
  map(
    inputs: Iterable<Input> | AsyncIterable<Input>,
    options: PoolMapOptions & { readonly settled: true },
  ): MapResults<MapResult<Result>>;
  map(inputs: Iterable<Input> | AsyncIterable<Input>, options?: PoolMapOptions): MapResults<Result>;
  map(inputs: MapInputs, options: PoolMapOptions = {}): MapResults<unknown> {
    atCaller(Pool.prototype.map, () => {
      assertInputs(inputs);
      assertPoolMapOptions(options);
    });
    const { priority = 0 } = options;
    return new MapIterator(
      new PoolMap(inputs, options, (input, signal) => this.run(input as Input, { signal, priority })),
    );
  }

  /**
   * Takes no more inputs, waits for the results that are under way, and ends the workers.
   *
   * @param options - `timeout`: longest wait for results, in ms; none by default. Inputs that are left then fail with `CLIENT_STOPPED`.
   */
  async close(options: StopOptions = {}): Promise<void> {
    atCaller(Pool.prototype.close, () => assertStopOptions(options, "close()"));
    const { timeout = Number.POSITIVE_INFINITY } = options;
    const cutOff = () => this.#settleAll(closed());
    const timer = timeout > MAX_TIMER_MS ? undefined : setTimeout(cutOff, timeout);
    this.#closing ??= this.#close();
    await this.#closing;
    clearTimeout(timer);
  }

  /** Closes the pool, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    if (this.#open.size > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    await this.#run.close();
  }

  /** Hands inputs over while workers have room. The others wait here, so that a more urgent one can overtake them. */
  #send(): void {
    const most = this.#run.slots * (this.#meanMs < SHORT_MS ? AHEAD : 1);
    while (this.#sent < most) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      if (!next.isSettled) void this.#execute(next);
    }
  }

  async #execute(waiting: Waiting): Promise<void> {
    this.#sent += 1;
    const share = this.#run.slots / Math.max(this.#sent, this.#run.slots);
    const begun = performance.now();
    try {
      waiting.settle({ value: await this.#run.request(waiting.input, waiting.abort.signal) });
      const ms = (performance.now() - begun) * share;
      this.#meanMs =
        this.#meanMs === Number.POSITIVE_INFINITY ? ms : this.#meanMs + WEIGHT * (ms - this.#meanMs);
    } catch (error) {
      waiting.settle({ error });
    } finally {
      this.#sent -= 1;
      this.#send();
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#settleAll(error);
  }

  #settleAll(error: unknown): void {
    for (const waiting of [...this.#open]) waiting.settle({ error });
  }
}

/**
 * Starts workers that stay: each is a process, or a process with threads, that imports the file. `pool.run(input)` gives an input to a worker that
 * is free; workers that die are started again. For one batch, `map()` is faster.
 *
 * @typeParam Source - As the only type: the type of the file, `typeof import("./square.ts")`, or of one of its functions,
 *   `typeof import("./square.ts").name`. Inputs and results then have the types of the function. Any other type is that of the results.
 * @typeParam Input - Of two types, the first: plain data. `docs/values.md` has the table.
 * @typeParam Result - Plain data, too.
 * @param module - The file. Its default export, or its only function, gets an input and an `ExecutionInfo`. In place of the file and the options,
 *   options with `command` or `exec` name a program: see {@link PoolProgramOptions}.
 * @param options - How many workers, threads and executions at a time there are.
 * @returns The pool. Its workers are being started.
 * @throws TypeError, RangeError when an argument is wrong. PipelineError `NESTED_RUN` when a worker's file calls it while it is imported.
 *
 * @example
 * ```ts
 * // square.js: export default (n) => n * n;
 * await using pool = createPool<number, number>(new URL("./square.js", import.meta.url), { workers: 2 });
 * console.log(await pool.run(3), await pool.map([4, 5]).toArray());
 * ```
 *
 * @example
 * ```ts
 * // square.ts: export default (n: number) => n * n;
 * await using pool = createPool<typeof import("./square.ts")>(new URL("./square.ts", import.meta.url));
 * console.log((await pool.run(3)).toFixed(2)); // the result is a number
 * ```
 *
 * @example
 * ```ts
 * await using pool = createPool<{ text: string }, number>({ command: ["python3", "lengths.py"], workers: 2 });
 * ```
 */
export function createPool<Input, Result>(module: URL | string, options?: PoolOptions): Pool<Input, Result>;
export function createPool<Input = unknown, Result = unknown>(
  options: PoolProgramOptions,
): Pool<Input, Result>;
export function createPool<Source>(
  module: URL | string,
  options?: PoolOptions,
): Pool<WorkerInput<Source>, MappedResult<Source>>;
export function createPool(worker: URL | string | PoolProgramOptions, options: PoolOptions = {}): Pool {
  atCaller(createPool, () => assertPoolArguments(worker, options));
  if (!namesProgram(worker)) return new Pool({ module: worker }, options);
  return new Pool(programOptionsOf(worker), worker);
}

function closed(): PipelineError {
  return new PipelineError("CLIENT_STOPPED", "The pool was closed", { role: "serviceclient" });
}

function late(timeout: number): { readonly error: PipelineError } {
  const text = `No result within ${timeout} ms`;
  return { error: new PipelineError("REQUEST_TIMEOUT", text, { role: "serviceclient" }) };
}
