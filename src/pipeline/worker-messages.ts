import type { ErrorInfo } from "../protocol/batch-message.ts";
import { toErrorInfo } from "../protocol/error-info.ts";
import { reviveError } from "../protocol/revive-error.ts";
import { EMPTY } from "../protocol/wire/payload-frames.ts";

/** What a worker's process is told first: what to run, and for whom. */
export interface WorkerStart {
  readonly type: "start";
  /** URL of the module with the worker. */
  readonly module: string;
  /** The name of what it exports; without one, its default or its only worker. */
  readonly exportName: string | undefined;
  readonly taskType: string;
  /** Where its distributor and the collector are; without, where its class says. */
  readonly endpoint: string | undefined;
  readonly collectorEndpoint: string | undefined;
  /** Where its keys are, if it has some. */
  readonly keys: string | undefined;
  /** Of a function: executions at a time, and threads (0: none). */
  readonly concurrency: number;
  readonly threads: number;
  /** Items are values in an envelope of ours, of `map()`. */
  readonly isWrapped: boolean;
}

export type ToWorkerProcess = WorkerStart | { readonly type: "stop"; readonly timeout: number };

/** An error on a channel that carries JSON. */
export interface ProcessError extends Omit<ErrorInfo, "detail"> {
  /** In Base64. */
  readonly detail: string;
}

export type FromWorkerProcess =
  /** Its module is loaded. */
  | { readonly type: "started" }
  /** It begins to execute its first item. */
  | { readonly type: "busy" }
  /** It has executed its first item to its end. */
  | { readonly type: "worked" }
  /** It executes nothing any more, and its hooks for that follow; they may take `timeout` ms. */
  | { readonly type: "closing"; readonly timeout: number }
  /** Its run is over; without this, it has died, whatever its exit code. `closeErrors`: what its hooks at the end threw. */
  | { readonly type: "done"; readonly closeErrors: readonly ProcessError[] }
  /** Another attempt would end the same. */
  | { readonly type: "unusable"; readonly error: ProcessError }
  | { readonly type: "failed"; readonly error: ProcessError };

/** What the worker's process threw, for its pipeline. */
export function toProcessError(thrown: unknown): ProcessError {
  const { detail = EMPTY, ...texts } = toErrorInfo(thrown);
  return { ...texts, detail: Buffer.from(detail).toString("base64") };
}

/** The same as an error again, with its causes and own properties. */
export function fromProcessError({ detail, ...texts }: ProcessError): Error {
  return reviveError({ ...texts, detail: Buffer.from(detail, "base64") });
}
