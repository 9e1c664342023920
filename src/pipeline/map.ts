import type { KnownValue } from "../role/any-value.ts";
import { atCaller } from "../self/at-caller.ts";
import { MapIterator, type MapResults } from "./map-iterator.ts";
import {
  assertMapArguments,
  type MapExecOptions,
  type MapOptions,
  type MapProgramOptions,
  type MapResult,
} from "./map-options.ts";
import { type MapInputs, MapRun } from "./map-run.ts";
import type { MappedResult, WorkerInput } from "./module-types.ts";
import { namesProgram, programOptionsOf } from "./program-command.ts";

/**
 * Maps inputs through a function of another file, over all cores: each worker is a process that imports the file. Inputs are pulled when
 * there is room for their results. Iterate over the results; leaving the loop ends the run.
 *
 * Nothing begins before the first result is asked for. Then the first input is asked for at once, as in a plain loop over the inputs, so
 * that no line of `readline` and no error of a stream is lost. When the loop is left early, by `break`, an error or the signal, the
 * inputs' iterator is closed, handlers' `info.signal` is aborted, and a process whose handler still runs half a second later is killed.
 * Call `map()` on the main thread: terminating a `node:worker_threads` thread with open sockets ends the whole process.
 *
 * @typeParam Source - The type of the file, `typeof import("./square.ts")`, or of one of its functions, `typeof import("./square.ts").name`:
 *   inputs and results then have the types of the function. Any other type is the type of the results.
 * @typeParam Input - Plain data: objects, arrays, text, numbers, bigints, dates, binary data; `docs/values.md` has the table.
 * @param inputs - Any iterable, sync or async; it may be endless. Promises among its values are awaited.
 * @param module - The file. Its default export, or its only function, gets an input and an `ExecutionInfo`, and returns a result or a
 *   promise of a result. In place of the file and the options, options with `command` or `exec` name a program: see {@link MapProgramOptions}.
 * @returns The results, to be iterated over once, or all at once with `toArray()`. `return()` and `await using` close the iterator at any time, also while `next()` waits.
 * @throws TypeError, RangeError when an argument is wrong, before anything is started.
 * @throws RemoteError `ITEM_FAILED` when the function threw, with the input's `index`; with `settled`, the error is a result instead.
 * @throws PipelineError `WORKER_FAILED` when the file cannot be used, or workers die too often.
 * @throws The error of the inputs, if their iterator throws.
 *
 * @example
 * ```ts
 * // square.js: export default (n) => n * n;
 * for await (const square of map([1, 2, 3], new URL("./square.js", import.meta.url), { workers: 2 })) {
 *   console.log(square);
 * }
 * ```
 *
 * @example
 * ```ts
 * // square.ts: export default (n: number) => n * n;
 * for await (const square of map<typeof import("./square.ts")>([1, 2, 3], new URL("./square.ts", import.meta.url)))
 *   console.log(square.toFixed(2)); // square is a number
 * ```
 *
 * @example
 * ```ts
 * // exec: the results are texts, or bytes where a program's output is no text
 * for await (const width of map(["a.png", "b.png"], { exec: ["identify", "-format", "%w", "{}"] })) console.log(Number(width));
 * ```
 */
export function map<Source = unknown, Input = WorkerInput<Source>>(
  inputs: Iterable<Input | PromiseLike<Input>> | AsyncIterable<Input>,
  module: URL | string,
  options: MapOptions<NoInfer<KnownValue<Input>>> & { readonly settled: true },
): MapResults<MapResult<MappedResult<Source>>>;
export function map<Source = unknown, Input = WorkerInput<Source>>(
  inputs: Iterable<Input | PromiseLike<Input>> | AsyncIterable<Input>,
  module: URL | string,
  options?: MapOptions<NoInfer<KnownValue<Input>>>,
): MapResults<MappedResult<Source>>;
export function map<Result = string | Uint8Array, Input = unknown>(
  inputs: Iterable<Input | PromiseLike<Input>> | AsyncIterable<Input>,
  options: MapExecOptions<NoInfer<Input>> & { readonly settled: true },
): MapResults<MapResult<Result>>;
export function map<Result = string | Uint8Array, Input = unknown>(
  inputs: Iterable<Input | PromiseLike<Input>> | AsyncIterable<Input>,
  options: MapExecOptions<NoInfer<Input>>,
): MapResults<Result>;
export function map<Result = unknown, Input = unknown>(
  inputs: Iterable<Input | PromiseLike<Input>> | AsyncIterable<Input>,
  options: MapProgramOptions<NoInfer<Input>> & { readonly settled: true },
): MapResults<MapResult<Result>>;
export function map<Result = unknown, Input = unknown>(
  inputs: Iterable<Input | PromiseLike<Input>> | AsyncIterable<Input>,
  options: MapProgramOptions<NoInfer<Input>>,
): MapResults<Result>;
export function map(
  inputs: MapInputs,
  worker: URL | string | MapProgramOptions,
  options: MapOptions = {},
): MapResults<unknown> {
  atCaller(map, () => assertMapArguments(inputs, worker, options));
  if (!namesProgram(worker)) return new MapIterator(new MapRun(inputs, { module: worker }, options));
  return new MapIterator(new MapRun(inputs, programOptionsOf(worker), worker as MapOptions));
}
