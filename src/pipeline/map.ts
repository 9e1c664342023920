import { MapIterator } from "./map-iterator.ts";
import { assertMapArguments, type MapOptions, type MapResult } from "./map-options.ts";
import { type MapInputs, MapRun } from "./map-run.ts";

/**
 * Maps inputs through a function of another file, over all cores: each worker is a process that imports the file. Inputs are pulled as
 * there is room, results are there to be iterated over; leaving the loop ends everything.
 *
 * Nothing begins before the first result is asked for. Then the inputs' iterator is taken, and its first input asked for, at once, as a
 * plain loop over the inputs would: lines of `readline` and errors of streams arrive. When the loop is left early, by `break`, an
 * error or the signal, the inputs' iterator is closed, handlers' `info.signal` is aborted, and a process whose handler still runs half a second later
 * is killed. Call it on the main thread: a `node:worker_threads` thread that is terminated with open sockets takes the whole process down.
 *
 * @typeParam Input - Plain data: objects and arrays, text, numbers, bigints, dates, binary data; `docs/values.md` has the table.
 * @typeParam Result - The same.
 * @param inputs - Any iterable, sync or async; it may be endless. Promises among its values are awaited.
 * @param module - The file: its default export, or its only function, gets an input and an `ExecutionInfo`, and returns a result or a
 *   promise of one.
 * @returns Results to be iterated over, once. It is closed by `return()` at any time, also while `next()` waits, and by `await using`.
 * @throws TypeError, RangeError when an argument is wrong: at once, before anything is started.
 * @throws RemoteError `ITEM_FAILED` when the function threw, with the input's `index`; `settled` gives it as a result instead.
 * @throws PipelineError `WORKER_FAILED` when the file cannot be used, or workers die too often.
 * @throws Whatever the inputs threw.
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
  inputs: MapInputs,
  module: URL | string,
  options: MapOptions = {},
): AsyncGenerator<unknown, void, undefined> {
  assertMapArguments(inputs, module, options);
  return new MapIterator(new MapRun(inputs, module, options));
}
