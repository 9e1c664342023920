import { pathToFileURL } from "node:url";
import type { Payload } from "../../protocol/payload/payload.ts";
import type { TaskType } from "../../protocol/task-type.ts";
import type { SpanSpec } from "../../tracing/tracer.ts";
import type { Handler } from "../handler.ts";

/**
 * The method by which a thread gets its handler from an instance of the user's class. A registered symbol: a TypeScript
 * loader may give the user's module a copy of this library of its own.
 */
export const openInThread = Symbol.for("zmqpipeline.openInThread");

/** What a thread works with. */
export interface HandlerInThread {
  readonly handler: Handler;
  readonly taskType: TaskType;
  /** What its executions are to whoever traces. */
  readonly spans: SpanSpec["kind"];
  /** The hook at the thread's end, and how long it may take, in ms. */
  readonly close: () => unknown;
  readonly closeTimeout: number;
}

/** What a class whose handler runs in threads has. */
export interface OpenInThread {
  /** @param isFirst - False when the thread has worked for an earlier run. */
  [openInThread](index: number, metadata: Payload, isFirst: boolean): Promise<HandlerInThread>;
}

/** The URL of a module that is given by its URL or its path; nothing when it is neither. */
export function toModuleUrl(module: unknown): string | undefined {
  if (module instanceof URL) return module.href;
  if (typeof module !== "string" || module === "") return undefined;
  // A drive's letter is no scheme.
  return /^[a-z]{2,}:/i.test(module) ? module : pathToFileURL(module).href;
}

/** @throws TypeError when a class does not say where it is. */
export function moduleUrl(name: string, module: unknown): string {
  const url = toModuleUrl(module);
  if (url !== undefined) return url;
  throw new TypeError(`${name}.module must be the URL of the file that exports ${name}: import.meta.url`);
}
