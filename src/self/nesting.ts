import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import { PipelineError } from "../errors.ts";
import { startedAt } from "./started-at.ts";

/** How deep runs may be nested: a run, a run that its handlers start, and a run that the handlers of that one start. */
const MAX_DEPTH = 3;

/** Names of environment variables; threads inherit the depth as environment data. */
const DEPTH = "ZMQPIPELINE_DEPTH";
const WORKER_OF = "ZMQPIPELINE_WORKER_OF";

/** What a process or thread knows about the run that it works for. */
interface Nesting {
  /** 0 in a program, 1 in its workers, 2 in the workers of a run that such a worker has started. */
  readonly depth: number;
  /** Whether this process or thread is a worker of a run. */
  isWorker: boolean;
  /** The user's file with the worker or with other roles, once its import has begun. */
  module: string | undefined;
  isImporting: boolean;
  /** Roles that the library itself starts. */
  readonly permitted: WeakSet<object>;
  /** Each function says whether a handler or hook of the user's is running. */
  readonly activities: Set<() => boolean>;
  /** Called when a run was refused, even if the user's code catches the error. */
  refused: (error: PipelineError) => void;
}

/** One state for all copies of this library in a thread: a loader may give the user's module its own copy. */
const KEY = Symbol.for("zmqpipeline.nesting/1");

const shared = globalThis as { [KEY]?: Nesting };
const nesting = shared[KEY] ?? begin();
shared[KEY] = nesting;

function begin(): Nesting {
  const depth = Math.max(toDepth(process.env[DEPTH]), toDepth(getEnvironmentData(DEPTH)));
  setEnvironmentData(DEPTH, depth);
  // This is a worker's process whose entry has not begun: a module of --import runs now, or a program that took the entry's place.
  const isStarting = process.env[WORKER_OF] === String(process.ppid);
  return {
    depth,
    isWorker: isStarting,
    module: undefined,
    isImporting: isStarting,
    permitted: new WeakSet(),
    activities: new Set(),
    refused: () => {},
  };
}

function toDepth(value: unknown): number {
  const depth = Number(value ?? 0);
  return Number.isSafeInteger(depth) && depth > 0 ? depth : 0;
}

/** Variables for the environment of a worker's process. */
export function marksOfWorker(): Readonly<Record<string, string>> {
  return { [DEPTH]: String(nesting.depth + 1), [WORKER_OF]: String(process.pid) };
}

/** Whether this process or thread is a worker of a run. */
export function isWorker(): boolean {
  return nesting.isWorker;
}

/** The depth of a role's threads. A worker's process and its threads work for the same run, and have the same depth. */
export function depthOfThreads(role: object): number {
  return nesting.permitted.has(role) ? nesting.depth : nesting.depth + 1;
}

/**
 * Marks this process or thread as a worker of a run. From now on, another run may begin here only in a handler or hook.
 *
 * @param depth - For a thread: the depth of its role. A process has its depth in its environment.
 * @param refused - Called when a run that began elsewhere was refused.
 */
export function becomeWorker(refused: (error: PipelineError) => void, depth = nesting.depth): void {
  delete process.env[WORKER_OF]; // processes that the user's code starts must not have it
  setEnvironmentData(DEPTH, depth);
  Object.assign(nesting, { depth, isWorker: true, isImporting: false, refused });
}

/** Runs the import of a user's module. No run may begin meanwhile. */
export async function whileImporting<T>(module: string, action: () => Promise<T>): Promise<T> {
  nesting.module = module;
  nesting.isImporting = true;
  try {
    return await action();
  } finally {
    nesting.isImporting = false;
  }
}

/** Permits a role to run here, because it belongs to a run that may. */
export function permit<Role extends object>(role: Role): Role {
  nesting.permitted.add(role);
  return role;
}

/** @param isActive - Whether a handler or hook of the user's is running, which may start a run. @returns A function that removes it. */
export function watchActivity(isActive: () => boolean): () => void {
  nesting.activities.add(isActive);
  return () => void nesting.activities.delete(isActive);
}

/** Calls a hook of the user's. The hook may start a run. */
export async function duringHook<T>(hook: () => T): Promise<Awaited<T>> {
  const forget = watchActivity(() => true);
  try {
    return await hook();
  } finally {
    forget();
  }
}

/**
 * @param role - The role that is to run.
 * @throws PipelineError `NESTED_RUN` when no run may begin here and now.
 */
export function assertMayRun(role?: object): void {
  if (role !== undefined && nesting.permitted.has(role)) return;
  const reason = whyNot();
  if (reason === undefined) return;
  const error = new PipelineError("NESTED_RUN", reason);
  // Another attempt would end the same way.
  Object.defineProperty(error, "retryable", { value: false, enumerable: true });
  // In a handler, the error is the item's. Elsewhere it is the worker's, and other workers would have it as well.
  if (!isInHandler()) nesting.refused(error);
  throw error;
}

function isInHandler(): boolean {
  return !nesting.isImporting && [...nesting.activities].some((isActive) => isActive());
}

function whyNot(): string | undefined {
  const { isImporting, isWorker, module, depth } = nesting;
  const place = startedAt();
  const file = module ?? "a module that is imported before the worker's";
  const guard = "put it behind if (isMain(import.meta)), so that only the program itself starts it";
  if (isImporting) return `A run began while ${file} was being imported${place}: ${guard}`;
  if (isWorker && !isInHandler())
    return `A run began in a worker of ${file}, but not in its handler${place}: ${guard}`;
  if (depth >= MAX_DEPTH)
    return `A run began in a handler of a run that is already ${MAX_DEPTH} levels deep${place}; ${MAX_DEPTH} is the limit`;
  return undefined;
}
