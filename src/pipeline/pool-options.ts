import { EndpointAddress } from "../protocol/endpoint-address.ts";
import { assertBoolean, assertCount, assertEndpoint, assertTimeout } from "../role/checks.ts";
import { assertKnownOptions, describeKind, optionNames } from "../role/known-options.ts";
import { assertSecurity } from "../role/network.ts";
import type { Security } from "../security/security.ts";
import {
  assertFile,
  assertFunction,
  assertName,
  assertSignal,
  assertThreadsOrConcurrency,
} from "./option-checks.ts";
import type { CommandWorkers, ExecWorkers, ModuleWorkers, PipelineOptions } from "./pipeline-options.ts";
import { namesProgram, resolveProgram } from "./program-command.ts";

/** Options of {@link createPool}. */
export interface PoolOptions
  extends Pick<ModuleWorkers, "exportName" | "threads" | "concurrency">,
    Pick<PipelineOptions, "restarts" | "onOutput" | "inspectWorkers"> {
  /**
   * How many worker processes there are. 0: the function runs in this process, for breakpoints and short stack traces.
   * @default the number of cores; 1 with `threads`
   */
  readonly workers?: number;
  /**
   * Workers on this and other machines join at this endpoint, such as `tcp://0.0.0.0:5555`, with
   * `zmqpipeline worker FILE --pool --connect ENDPOINT`. The pool then starts none itself, and all options of workers are the command's.
   * @default none: the pool starts workers on this machine
   */
  readonly listen?: EndpointAddress | string;
  /**
   * With `listen`: the keys of a service. Links over `tcp` are then encrypted, and only workers with keys are admitted.
   * @default none: the pool listens on the loopback and on `ipc` only
   */
  readonly security?: Security | undefined;
  /**
   * With `listen`: listen without keys on interfaces that other machines reach, in a network where all machines are trusted.
   * @default false
   */
  readonly allowInsecure?: boolean;
  /**
   * The longest that one execution of an input may take, in ms. Then `info.signal` is aborted; the input fails with `EXECUTION_TIMEOUT`.
   * @default no limit
   */
  readonly timeout?: number;
  /**
   * Whether an input is executed again when its worker died. Otherwise it fails with `REQUEST_LOST`.
   * @default true
   */
  readonly idempotent?: boolean;
}

/**
 * Options of {@link createPool} whose inputs go to programs instead of a function: `command`, a program that reads lines of JSON and answers with
 * lines of JSON, or `exec`, a program that is started for each input. `workers` is how many of them run at a time.
 */
export type PoolProgramOptions = Omit<PoolOptions, "exportName" | "threads" | "concurrency"> &
  (Pick<CommandWorkers, "command" | "exec"> | Pick<ExecWorkers, "command" | "exec">);

/** Options of `pool.run()`. */
export interface PoolRunOptions {
  /** Aborting it rejects the promise with the signal's reason, and aborts the `info.signal` of the input's handler. */
  readonly signal?: AbortSignal;
  /**
   * Longest wait for the result, in ms, from the call on. Then the promise is rejected with `REQUEST_TIMEOUT`, and the handler's `info.signal` is
   * aborted.
   * @default no limit
   */
  readonly timeout?: number;
  /**
   * The waiting inputs with the highest number are next. Inputs with the same number keep their order.
   * @default 0
   */
  readonly priority?: number;
}

/** Options of `pool.map()`. */
export interface PoolMapOptions extends Pick<PoolRunOptions, "priority" | "signal"> {
  /**
   * Whether results come in the order of their inputs, or in the order of their arrival.
   * @default true
   */
  readonly ordered?: boolean;
  /**
   * Whether results are like those of `Promise.allSettled`, with the input's index.
   * @default false
   */
  readonly settled?: boolean;
  /**
   * Most inputs that are pulled and whose results are not yet taken.
   * @default 2048
   */
  readonly maxPending?: number;
}

/** Options of workers, which the pool does not start where they join from elsewhere. */
const OF_WORKERS = [
  "workers",
  "threads",
  "concurrency",
  "exportName",
  "timeout",
  "restarts",
  "onOutput",
  "inspectWorkers",
] as const;

const POOL = optionNames<PoolOptions>({
  listen: true,
  security: true,
  allowInsecure: true,
  workers: true,
  threads: true,
  concurrency: true,
  exportName: true,
  timeout: true,
  idempotent: true,
  restarts: true,
  onOutput: true,
  inspectWorkers: true,
});

const RUN = optionNames<PoolRunOptions>({ signal: true, timeout: true, priority: true });

const MAP = optionNames<PoolMapOptions>({
  signal: true,
  priority: true,
  ordered: true,
  settled: true,
  maxPending: true,
});

/** @throws TypeError, RangeError when an argument of `createPool()` is wrong. */
export function assertPoolArguments(worker: unknown, options: unknown): void {
  if (namesProgram(worker as PoolProgramOptions)) {
    assertKnownOptions("createPool()", worker, [...POOL, "command", "exec"]);
    resolveProgram("createPool()", worker);
    if (Object.keys(options as object).length > 0)
      throw new TypeError(
        "createPool() takes its options beside command or exec: createPool({ command, ...options })",
      );
    return assertPoolOptions(worker, 1);
  }
  assertFile("createPool()", "createPool(file, options)", worker);
  assertKnownOptions("createPool()", options, POOL);
  assertPoolOptions(options, 0);
}

/** @param fewest - Fewest workers. */
function assertPoolOptions(options: PoolOptions, fewest: number): void {
  const { workers, threads, concurrency, exportName, timeout, idempotent, restarts, onOutput }: PoolOptions =
    options;
  if (workers !== undefined) assertCount("workers", workers, fewest, 1024);
  if (threads !== undefined) assertCount("threads", threads, 0, 1024);
  if (concurrency !== undefined) assertCount("concurrency", concurrency, 1, 10_000);
  assertThreadsOrConcurrency("createPool()", threads ?? 0, concurrency ?? 1);
  if (restarts !== undefined) assertCount("restarts", restarts, 0);
  if (timeout !== undefined) assertTimeout("timeout", timeout);
  if (idempotent !== undefined) assertBoolean("idempotent", idempotent);
  assertName("exportName", exportName);
  assertFunction("onOutput", onOutput);
  assertListening(options);
}

function assertListening(options: PoolOptions): void {
  const { listen, security, allowInsecure } = options;
  assertSecurity("security", security);
  if (allowInsecure !== undefined) assertBoolean("allowInsecure", allowInsecure);
  if (listen === undefined) {
    if (security === undefined && allowInsecure !== true) return;
    throw new TypeError(
      "security and allowInsecure need listen: without it, a pool has workers on this machine only",
    );
  }
  if (typeof listen === "string") new EndpointAddress(listen);
  else assertEndpoint("listen", listen);
  const given = OF_WORKERS.find((name) => options[name] !== undefined);
  if (given !== undefined)
    throw new TypeError(
      `${given} and listen exclude each other: with listen, workers join from elsewhere. Give it to the command: zmqpipeline worker FILE --pool`,
    );
}

/** @throws TypeError, RangeError when an option of `run()` is wrong. */
export function assertPoolRunOptions(options: unknown): asserts options is PoolRunOptions {
  assertKnownOptions("run()", options, RUN);
  const { signal, timeout, priority }: PoolRunOptions = options;
  assertSignal(signal);
  if (timeout !== undefined) assertTimeout("timeout", timeout);
  assertPriority(priority);
}

/** @throws TypeError, RangeError when an option of `pool.map()` is wrong. */
export function assertPoolMapOptions(options: unknown): asserts options is PoolMapOptions {
  assertKnownOptions("map()", options, MAP);
  const { signal, priority, ordered, settled, maxPending }: PoolMapOptions = options;
  assertSignal(signal);
  assertPriority(priority);
  if (ordered !== undefined) assertBoolean("ordered", ordered);
  if (settled !== undefined) assertBoolean("settled", settled);
  if (maxPending !== undefined) assertCount("maxPending", maxPending, 1);
}

function assertPriority(priority: unknown): void {
  if (priority === undefined) return;
  if (typeof priority !== "number")
    throw new TypeError(`priority must be a number, not ${describeKind(priority)}`);
  if (Number.isNaN(priority)) throw new RangeError("priority NaN must be a number");
}
