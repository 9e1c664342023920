import { isSameName } from "./nearest-name.ts";

/** An option of this library, and how it is written where that is not its name alone. */
interface Equivalent {
  readonly option: string;
  readonly written?: string;
}

/** What a name of another library means here. */
interface Foreign {
  /** The options that have its meaning; the first that a function has is suggested. */
  readonly options: readonly Equivalent[];
  /** Said where none of them exists. */
  readonly absent?: string;
}

const NOT_LATER =
  "nothing is delayed or scheduled here: start the run at that time, or use a queue for jobs of later";
const NO_BROKER = "no broker or database stands between the roles";
const SAME_ENVIRONMENT = "workers have the environment and Node's options of this process";
const NO_RATE = "no rate is limited here: limit it in the handler";
const NO_CHUNKS = "inputs are sent in groups by themselves, by how long they take";
const DOUBLES = "each wait is twice the one before";
const BY_FILE = "the file is an argument of its own, before the options";

const OPTIONS: readonly (readonly [names: string, options: readonly Equivalent[], absent?: string])[] = [
  ["maxThreads minThreads nThreads numThreads threadCount threadPoolSize", [{ option: "threads" }]],
  [
    "maxWorkers minWorkers numWorkers nWorkers workerCount numberOfWorkers processes jobs poolSize instances count workers",
    [{ option: "workers" }, { option: "count" }],
  ],
  ["maxConcurrency concurrentTasksPerWorker parallelism parallel limit", [{ option: "concurrency" }]],
  ["stopOnError allSettled", [{ option: "settled" }], "settled is an option of map()"],
  [
    "attempts retries maxAttempts maxRetries tries autoretryFor",
    [{ option: "attempts" }, { option: "retry", written: "retry: { attempts }" }],
    "what fails is not repeated here: map() and tasks have retry",
  ],
  [
    "backoff retryDelay minTimeout retryBackoff",
    [{ option: "backoff" }, { option: "retry", written: "retry: { backoff }" }],
  ],
  [
    "maxTimeout maxDelay retryBackoffMax",
    [{ option: "maxBackoff" }, { option: "retry", written: "retry: { maxBackoff }" }],
  ],
  // Options of a part of a Pipeline.
  ["retry", [{ option: "tasks", written: "tasks: [{ retry }]" }], "map() and tasks have retry"],
  [
    "timeout",
    [{ option: "tasks", written: "tasks: [{ timeout }]" }],
    "tasks, map(), pools and requests have a timeout",
  ],
  ["key", [{ option: "tasks", written: "tasks: [{ key }]" }]],
  ["items", [{ option: "tasks", written: "tasks: [{ items }]" }]],
  ["concurrency", [{ option: "workers", written: "workers: { concurrency }" }]],
  ["threads", [{ option: "workers", written: "workers: { threads }" }]],
  ["module", [{ option: "workers", written: "workers: { module }" }]],
  ["retryFailed", [{ option: "journal", written: "journal: { path, retryFailed }" }]],
  ["keep incremental", [{ option: "journal", written: "journal: { path, keep }" }]],
  ["factor jitter randomize retryJitter", [], DOUBLES],
  ["delay wait", [{ option: "backoff" }], NOT_LATER],
  ["startAfter runAt eta countdown repeat schedule cron every interval", [], NOT_LATER],
  ["filename file script processor", [{ option: "module" }, { option: "path" }], BY_FILE],
  ["name exportedName functionName method", [{ option: "exportName" }]],
  [
    "maxQueue queueSize bufferSize highWaterMark backpressure",
    [{ option: "maxPending" }],
    "any number may wait",
  ],
  ["chunkSize batchSize", [], NO_CHUNKS],
  ["idleTimeout ttl", [], "workers stay until the end"],
  ["abortSignal", [{ option: "signal" }]],
  ["timeoutMs timeLimit maxTime softTimeLimit", [{ option: "timeout" }]],
  [
    "workerData initializer initargs initArgs context",
    [{ option: "metadata" }],
    "put it into each input, or into a file that the worker imports; a Pipeline has metadata",
  ],
  ["resourceLimits", [], "a MultiThreadedWorker has it"],
  ["env argv execArgv cwd nodeArgs", [], SAME_ENVIRONMENT],
  ["transferList transfer", [], "inputs are copied"],
  ["limiter rateLimit rate", [], NO_RATE],
  ["connection redis broker backend", [{ option: "database" }], NO_BROKER],
  ["priority", [], "pool.run() has a priority"],
  [
    "dependsOn depends parents children flow",
    [{ option: "dependencies" }],
    "tasks of a Pipeline have dependencies",
  ],
  [
    "removeOnComplete removeOnFail jobId lifo",
    [],
    "there are no jobs that stay after the run; an item has an id",
  ],
  ["stdout stderr stdio silent", [{ option: "onOutput" }]],
  [
    "listen security",
    [{ option: "frontendEndpoint" }],
    "everything runs on this machine; for many machines, start roles, or give listen to createPool()",
  ],
];

const FOREIGN: ReadonlyMap<string, Foreign> = new Map(
  OPTIONS.flatMap(([names, options, absent]) =>
    names
      .split(" ")
      .map((name): [string, Foreign] => [
        name.toLowerCase(),
        absent === undefined ? { options } : { options, absent },
      ]),
  ),
);

/**
 * Says what an option of a well-known library is called here, or that it does not exist and what to do instead.
 *
 * @param word - The option as the user wrote it; case, underscores and dashes do not count.
 * @param known - The options that there are.
 * @returns The end of an error's text; `undefined` for names that no such library has.
 *
 * @example
 * ```ts
 * foreignOption("maxThreads", ["workers", "threads"]); // did you mean "threads"?
 * ```
 */
export function foreignOption(word: string, known: readonly string[]): string | undefined {
  if (known.some((option) => isSameName(option, word))) return undefined; // spelled otherwise
  const found = FOREIGN.get(word.replace(/[_-]/g, "").toLowerCase());
  if (found === undefined) return undefined;
  const here = found.options.find(({ option }) => known.includes(option));
  if (here !== undefined) return `did you mean ${here.written ?? JSON.stringify(here.option)}?`;
  return found.absent;
}
