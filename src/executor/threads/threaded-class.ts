import { pathToFileURL } from "node:url";
import { workerData } from "node:worker_threads";
import type { Payload } from "../../protocol/payload/payload.ts";
import type { TaskType } from "../../protocol/task-type.ts";
import type { SpanSpec } from "../../tracing/tracer.ts";
import type { Handler } from "../handler.ts";
import type { ThreadData } from "./thread-messages.ts";

/**
 * The method by which a thread gets its handler from an instance of the user's class. A registered symbol, because a TypeScript loader may
 * give the user's module its own copy of this library.
 */
export const openInThread = Symbol.for("zmqpipeline.openInThread");

/**
 * The field of a class of this library with what its instances in threads need to know, as text. There, `setupOfThread()` returns it.
 */
export const threadSetup: unique symbol = Symbol("threadSetup");

/** @returns The setup that this thread was started with. */
export function setupOfThread(): string | undefined {
  return (workerData as Partial<ThreadData> | null)?.setup;
}

/** What a thread needs to execute items. */
export interface HandlerInThread {
  readonly handler: Handler;
  readonly taskType: TaskType;
  /** The kind of span that a tracer gets for each execution. */
  readonly spans: SpanSpec["kind"];
  /** The hook at the thread's end, and how long it may take. */
  readonly close: () => unknown;
  readonly closeTimeoutMs: number;
}

/** A class whose handler runs in threads. */
export interface OpenInThread {
  /**
   * @param isFirst - Whether this is the first run for which the thread works.
   * @param workerId - The id of the worker that has the thread.
   */
  [openInThread](
    index: number,
    metadata: Payload,
    isFirst: boolean,
    workerId: string,
  ): Promise<HandlerInThread>;
}

/** The URL of a module that is given by its URL or its path; nothing when `module` is neither. */
export function toModuleUrl(module: unknown): string | undefined {
  if (module instanceof URL) return module.href;
  if (typeof module !== "string" || module === "") return undefined;
  // A Windows drive letter is not a scheme.
  return /^[a-z]{2,}:/i.test(module) ? module : pathToFileURL(module).href;
}

/** @throws TypeError when `module` does not say where the class is. */
export function moduleUrl(name: string, module: unknown): string {
  const url = toModuleUrl(module);
  if (url !== undefined) return url;
  throw new TypeError(`${name}.module must be the URL of the file that exports ${name}: import.meta.url`);
}
