import { AsyncLocalStorage } from "node:async_hooks";
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
  /** Roles that the library itself starts, and the depth of their threads. */
  readonly permitted: WeakMap<object, number>;
  /** What runs inside a worker that has no process of its own: its file's import, its handlers and hooks. */
  readonly here: AsyncLocalStorage<HereContext>;
  /** Workers in the process of the program that started their run. */
  readonly beside: WeakSet<object>;
  /** Each function says whether a handler or hook of the user's is running. */
  readonly activities: Set<() => boolean>;
  /** Called when a run was refused, even if the user's code catches the error. */
  refused: (error: PipelineError) => void;
}

/** Where code stands that belongs to a worker in the program's own process. */
interface HereContext {
  readonly depth: number;
  /** The file, while it is imported. */
  readonly importing: string | undefined;
}

/** One state for all copies of this library in a thread: a loader may give the user's module its own copy. */
const KEY = Symbol.for("zmqpipeline.nesting/2");

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
    permitted: new WeakMap(),
    here: new AsyncLocalStorage(),
    beside: new WeakSet(),
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
  return { [DEPTH]: String(depthHere() + 1), [WORKER_OF]: String(process.pid) };
}

/** Whether this process or thread is a worker of a run. */
export function isWorker(): boolean {
  return nesting.isWorker;
}

/** The depth of a role's threads. A worker's process and its threads work for the same run, and have the same depth. */
export function depthOfThreads(role: object): number {
  return nesting.permitted.get(role) ?? nesting.depth + 1;
}

/** The depth of the code that calls this. */
function depthHere(): number {
  return Math.max(nesting.depth, nesting.here.getStore()?.depth ?? 0);
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

/** Runs the import of the file of a worker without a process of its own. The file may start no run meanwhile; the program may. */
export async function whileImportingHere<T>(module: string, action: () => Promise<T>): Promise<T> {
  return await nesting.here.run({ depth: depthHere(), importing: module }, action);
}

/** Calls a handler or hook of a worker without a process of its own. Runs that it starts are one deeper. */
export function insideHere<T>(depth: number, action: () => T): T {
  return nesting.here.run({ depth, importing: undefined }, action);
}

/** Permits a role to run here, because it belongs to a run that may. */
export function permit<Role extends object>(role: Role): Role {
  nesting.permitted.set(role, nesting.depth);
  return role;
}

/** Permits a worker without a process of its own. @returns How deep its handlers are. */
export function permitHere(role: object): number {
  const depth = depthHere() + 1;
  nesting.permitted.set(role, depth);
  nesting.beside.add(role);
  return depth;
}

/** Whether a worker is in the process of the program that started its run. */
export function isHere(role: object): boolean {
  return nesting.beside.has(role);
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
  const { isImporting, isWorker, module } = nesting;
  const place = startedAt();
  const importedHere = nesting.here.getStore()?.importing;
  const file = importedHere ?? module ?? "a module that is imported before the worker's";
  const guard = "put it behind if (isMain(import.meta)), so that only the program itself starts it";
  if (isImporting || importedHere !== undefined)
    return `A run began while ${file} was being imported${place}: ${guard}`;
  if (isWorker && !isInHandler())
    return `A run began in a worker of ${file}, but not in its handler${place}: ${guard}`;
  if (depthHere() >= MAX_DEPTH)
    return `A run began in a handler of a run that is already ${MAX_DEPTH} levels deep${place}; ${MAX_DEPTH} is the limit`;
  return undefined;
}
