import type { RetryOptions } from "../core/distributor/retry-policy.ts";
import { assertRetry } from "../distributor/assert-retry.ts";
import { assertJournal } from "../distributor/distributor-options.ts";
import type { JournalOptions } from "../journal/journal-options.ts";
import { assertBoolean, assertCount, assertTimeout } from "../role/checks.ts";
import { assertKnownOptions, describeKind, optionNames } from "../role/known-options.ts";
import {
  assertFile,
  assertFunction,
  assertName,
  assertSignal,
  assertThreadsOrConcurrency,
} from "./option-checks.ts";
import type { CommandWorkers, ExecWorkers, ModuleWorkers, PipelineOptions } from "./pipeline-options.ts";
import { namesProgram, resolveProgram } from "./program-command.ts";

/**
 * Options of {@link map}.
 *
 * @typeParam Input - What `key` gets.
 */
export interface MapOptions<Input = never>
  extends Pick<ModuleWorkers, "exportName" | "threads" | "concurrency">,
    Pick<PipelineOptions, "restarts" | "onOutput" | "inspectWorkers" | "windowTime"> {
  /**
   * How many worker processes there are. 0: the function runs in this process, for breakpoints and short stack traces.
   * @default the number of cores; 1 with `threads`
   */
  readonly workers?: number;
  /**
   * Whether results come in the order of their inputs, or in the order of their arrival.
   * @default true; false with `journal`
   */
  readonly ordered?: boolean;
  /**
   * Whether results are like those of `Promise.allSettled`, with the input's index, so that one failed input does not end the others.
   * Otherwise the first failure is thrown, and the run ends.
   * @default false
   */
  readonly settled?: boolean;
  /**
   * Most inputs that are pulled and whose results are not yet taken.
   * @default 2048
   */
  readonly maxPending?: number;
  /**
   * Most bytes, encoded, of results that wait to be taken and of inputs that are not yet executed. While there are more, no further input is
   * pulled. Results of inputs that are already being executed still arrive.
   * @default 67108864
   */
  readonly maxPendingBytes?: number;
  /** How often, and after how long, a failed input is executed again. */
  readonly retry?: RetryOptions;
  /**
   * The longest that one execution of an input may take, in ms.
   * @default no limit
   */
  readonly timeout?: number;
  /**
   * Aborting the signal ends the run now; the iteration throws the signal's reason. A handler's `info.signal` is aborted at once, and a process
   * whose handler still runs half a second later is killed.
   */
  readonly signal?: AbortSignal;
  /**
   * A file that keeps what was done, so that a program that was killed goes on where it was: its path, or more options. A result counts as
   * done when the loop asks for the next one, and only then. Inputs that were done are not executed again and give no results; results come as
   * they are ready, or with `ordered: true` in the order of the inputs: then what follows a slow input waits, and is executed again after a crash. Inputs must be the same, in the same order, or have a `key`. An input that failed for good is executed again, unless its failure
   * was a result (`settled`): then with `retryFailed` only.
   * @default none
   */
  readonly journal?: string | JournalOptions;
  /**
   * Returns the key of an input, a string of 1 to 65,536 characters. Of several inputs with one key only the first is executed. With a journal,
   * inputs may come in any order, and those whose key is known are left out.
   * @default none: every input is executed
   */
  key?(input: Input): string;
  /**
   * Called with the state of the run, ten times per second at most while it changes, and once at the end. What it throws ends the run, and is
   * thrown by the loop.
   * @default none
   */
  readonly onProgress?: (progress: MapProgress) => void;
  /**
   * Draws a bar on stderr while the run lasts, where stderr is a terminal; elsewhere nothing is drawn.
   * @default false
   */
  readonly progress?: boolean;
}

/**
 * Options of {@link map} whose inputs go to programs instead of a function: `command`, a program that reads lines of JSON and answers with lines
 * of JSON, or `exec`, a program that is started for each input. `workers` is how many of them run at a time.
 *
 * @typeParam Input - What `key` gets.
 */
export type MapProgramOptions<Input = never> =
  | (Omit<MapExecOptions<Input>, "command" | "exec"> & Pick<CommandWorkers, "command" | "exec">)
  | MapExecOptions<Input>;

/**
 * Options of {@link map} with `exec`: a program is started for each input. Its result is what the program wrote to its standard output: a text, or
 * bytes where that is no UTF-8.
 *
 * @typeParam Input - What `key` gets.
 */
export type MapExecOptions<Input = never> = Omit<
  MapOptions<Input>,
  "exportName" | "threads" | "concurrency"
> &
  Pick<ExecWorkers, "command" | "exec">;

/** How far a `map()` is. */
export interface MapProgress {
  /** How many inputs there are, where they are an array or another collection that knows its size. */
  readonly total: number | undefined;
  /** Inputs whose result has arrived; with a journal, those whose result the loop has done, in this run or before. */
  readonly completed: number;
  /** Inputs that failed for good. */
  readonly failed: number;
  /** Inputs that were left out, because an input with the same key was executed. */
  readonly skipped: number;
  /** Inputs that workers have. */
  readonly inFlight: number;
  /** Workers that have joined the run and not left it. */
  readonly workers: number;
  /** Time since the first result was asked for, in ms. */
  readonly duration: number;
  /** Inputs settled a second: of late, and at the end over the whole time since the first input was with a worker; undefined before the first. */
  readonly rate: number | undefined;
  /** Time until all is done, in ms; undefined where the number of inputs is unknown, or nothing is settled any more because an input hangs. */
  readonly timeLeft: number | undefined;
}

/** A result of `map()` with `settled`, and the index of its input, counted from 0. */
export type MapResult<Result> = PromiseSettledResult<Result> & { readonly index: number };

/** Enough to keep workers busy with items that take microseconds. */
export const DEFAULT_MAX_PENDING = 2048;

/** Little compared with the memory of a process, and enough for thousands of results of some kB. */
export const DEFAULT_MAX_PENDING_BYTES = 64 * 1024 * 1024;

const OPTIONS = optionNames<MapOptions>({
  workers: true,
  threads: true,
  concurrency: true,
  exportName: true,
  ordered: true,
  settled: true,
  maxPending: true,
  maxPendingBytes: true,
  retry: true,
  timeout: true,
  signal: true,
  restarts: true,
  onOutput: true,
  inspectWorkers: true,
  windowTime: true,
  journal: true,
  key: true,
  onProgress: true,
  progress: true,
});

/** @throws TypeError, RangeError when an argument of `map()` is wrong. */
export function assertMapArguments(inputs: unknown, worker: unknown, options: unknown): void {
  assertInputs(inputs);
  if (namesProgram(worker as MapProgramOptions)) {
    assertKnownOptions("map()", worker, [...OPTIONS, "command", "exec"]);
    resolveProgram("map()", worker);
    if (Object.keys(options as object).length > 0)
      throw new TypeError(
        "map() takes its options beside command or exec: map(inputs, { command, ...options })",
      );
    return assertMapOptions(worker, 1);
  }
  assertFile("map()", "map(inputs, file, options)", worker);
  assertKnownOptions("map()", options, OPTIONS);
  assertMapOptions(options, 0);
}

/** @param fewest - Fewest workers. */
function assertMapOptions(options: MapOptions, fewest: number): void {
  const { workers, threads, concurrency, restarts, maxPending, maxPendingBytes }: MapOptions = options;
  if (workers !== undefined) assertCount("workers", workers, fewest, 1024);
  if (threads !== undefined) assertCount("threads", threads, 0, 1024);
  if (concurrency !== undefined) assertCount("concurrency", concurrency, 1, 10_000);
  assertThreadsOrConcurrency("map()", threads ?? 0, concurrency ?? 1);
  if (restarts !== undefined) assertCount("restarts", restarts, 0);
  if (maxPending !== undefined) assertCount("maxPending", maxPending, 1);
  if (maxPendingBytes !== undefined) assertCount("maxPendingBytes", maxPendingBytes, 1);
  assertDeliveryOptions(options);
  const { exportName, ordered, settled, retry, timeout, signal, onOutput }: MapOptions = options;
  assertName("exportName", exportName);
  if (ordered !== undefined) assertBoolean("ordered", ordered);
  if (settled !== undefined) assertBoolean("settled", settled);
  assertRetry("retry", retry);
  if (timeout !== undefined) assertTimeout("timeout", timeout);
  assertSignal(signal);
  assertFunction("onOutput", onOutput);
}

/** Checks the options that concern the distributor and what is reported about it. */
function assertDeliveryOptions({ windowTime, journal, key, onProgress, progress }: MapOptions): void {
  if (windowTime !== undefined) assertCount("windowTime", windowTime, 1);
  assertJournal(journal);
  assertFunction("key", key);
  if (typeof journal === "object" && journal.keep === true && key === undefined)
    throw new TypeError("journal.keep needs key: without keys nothing tells which inputs are new");
  assertFunction("onProgress", onProgress);
  if (progress !== undefined) assertBoolean("progress", progress);
}

/** @throws TypeError when it is no iterable. */
export function assertInputs(inputs: unknown): void {
  if (typeof inputs === "string")
    throw new TypeError(
      "map() takes an iterable of inputs, not a string; write [...text] to map its characters",
    );
  const isIterable =
    typeof inputs === "object" &&
    inputs !== null &&
    [Symbol.asyncIterator, Symbol.iterator].some(
      (key) => typeof (inputs as Record<symbol, unknown>)[key] === "function",
    );
  if (isIterable) return;
  const isPromise = typeof inputs === "object" && inputs !== null && "then" in inputs;
  const hint = isPromise ? "; await the promise first" : "";
  throw new TypeError(
    `map() takes an iterable of inputs, sync or async, not ${isPromise ? "a promise" : describeKind(inputs)}${hint}`,
  );
}
