import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import { PipelineError } from "../errors.ts";
import { startedAt } from "./started-at.ts";

/** How many runs may be at work inside each other: a run, one that its handlers start, and one that those handlers start. */
const MAX_DEPTH = 3;

/** Names of environment variables, and of what threads inherit. */
const DEPTH = "ZMQPIPELINE_DEPTH";
const WORKER_OF = "ZMQPIPELINE_WORKER_OF";

/** What a process or a thread knows about the run that it works for. */
interface Nesting {
  /** 0 in a program, 1 in its workers, 2 in the workers of a run that one of those has started. */
  readonly depth: number;
  /** Whether it is a worker of a run. */
  isWorker: boolean;
  /** The user's file with the worker, or with other roles: it is being imported, or has been. */
  module: string | undefined;
  isImporting: boolean;
  /** Roles that the library itself starts. */
  readonly permitted: WeakSet<object>;
  /** Each says whether a handler or a hook of the user's is under way. */
  readonly activities: Set<() => boolean>;
  /** Hears of a run that was refused, also when the user's code catches the error. */
  refused: (error: PipelineError) => void;
}

/** One for all copies of this library in a thread: a loader may give the user's module one of its own. */
const KEY = Symbol.for("zmqpipeline.nesting/1");

const shared = globalThis as { [KEY]?: Nesting };
const nesting = shared[KEY] ?? begin();
shared[KEY] = nesting;

function begin(): Nesting {
  const depth = Math.max(toDepth(process.env[DEPTH]), toDepth(getEnvironmentData(DEPTH)));
  setEnvironmentData(DEPTH, depth);
  // A worker's process whose entry has not begun: what runs now is a module of --import, or a program that took its place.
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

/** What a worker's process has in its environment. */
export function marksOfWorker(): Readonly<Record<string, string>> {
  return { [DEPTH]: String(nesting.depth + 1), [WORKER_OF]: String(process.pid) };
}

/** Whether this process or thread is a worker of a run. */
export function isWorker(): boolean {
  return nesting.isWorker;
}

/** How deep the threads of a role are: a worker's process and its threads work for the same run. */
export function depthOfThreads(role: object): number {
  return nesting.permitted.has(role) ? nesting.depth : nesting.depth + 1;
}

/**
 * This process or thread works for a run from now on: no other run may begin here but in a handler.
 *
 * @param depth - Of a thread: its role's. A process has it in its environment.
 * @param refused - Hears of a run that began all the same, and was refused.
 */
export function becomeWorker(refused: (error: PipelineError) => void, depth = nesting.depth): void {
  delete process.env[WORKER_OF]; // not of the processes that the user's code starts
  setEnvironmentData(DEPTH, depth);
  Object.assign(nesting, { depth, isWorker: true, isImporting: false, refused });
}

/** Imports a module with roles of the user's: no run may begin meanwhile. */
export async function whileImporting<T>(module: string, action: () => Promise<T>): Promise<T> {
  nesting.module = module;
  nesting.isImporting = true;
  try {
    return await action();
  } finally {
    nesting.isImporting = false;
  }
}

/** Lets a role run wherever it is: it belongs to a run that may. */
export function permit<Role extends object>(role: Role): Role {
  nesting.permitted.add(role);
  return role;
}

/** @param isActive - Whether a handler or a hook of the user's is under way: it may start a run. @returns What forgets it again. */
export function watchActivity(isActive: () => boolean): () => void {
  nesting.activities.add(isActive);
  return () => void nesting.activities.delete(isActive);
}

/** Calls a hook of the user's, which may start a run. */
export async function duringHook<T>(hook: () => T): Promise<Awaited<T>> {
  const forget = watchActivity(() => true);
  try {
    return await hook();
  } finally {
    forget();
  }
}

/**
 * @param role - What is to run.
 * @throws PipelineError `NESTED_RUN` when no run may begin here and now.
 */
export function assertMayRun(role?: object): void {
  if (role !== undefined && nesting.permitted.has(role)) return;
  const reason = whyNot();
  if (reason === undefined) return;
  const error = new PipelineError("NESTED_RUN", reason);
  // Another attempt would end the same.
  Object.defineProperty(error, "retryable", { value: false, enumerable: true });
  // In a handler it is the item's error; elsewhere the worker's, which others would have as well.
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
    return `A run began in a handler of a run that is ${MAX_DEPTH} deep in others already${place}; ${MAX_DEPTH} is the most`;
  return undefined;
}
