import type { MessagePort } from "node:worker_threads";
import type { ErrorInfo } from "../../protocol/batch-message.ts";
import type { TransferablePayloads } from "./transferable-payloads.ts";

/** What a thread is started with. */
export interface ThreadData {
  /** URL of the module that exports the user's class. */
  readonly module: string;
  readonly className: string;
  /** The id of the worker that has the thread. */
  readonly workerId: string;
  /** For a class that has no task type: the name of the one that the pipeline gave. */
  readonly taskType: string | undefined;
  readonly index: number;
  /** What the class needs to know in the thread, as text; see `threadSetup`. */
  readonly setup?: string | undefined;
  /** See `JobStates`. */
  readonly states: SharedArrayBuffer;
  /** Longest time that a result waits for others. */
  readonly flushMs: number;
  /** The library's own: `parentPort` is left to the user's code. */
  readonly port: MessagePort;
  /** See `becomeWorker`. */
  readonly depth: number;
}

/** Items for a thread, as lists of equal length. Serial numbers count the jobs of one thread. */
interface Jobs extends TransferablePayloads {
  readonly kind: "jobs";
  readonly firstSerial: number;
  readonly sourceIds: readonly string[];
  readonly seqs: readonly number[];
  readonly attempts: readonly number[];
  /** Trace contexts; the list is empty when no item has one. */
  readonly contexts: readonly string[];
}

/** Messages from the main thread to a thread. */
export type ToThread =
  /** A run begins. */
  | {
      readonly kind: "begin";
      readonly metadata: Uint8Array;
      readonly timeoutMs: number;
      readonly context: string;
    }
  | Jobs
  /** The state of this job is aborted: the thread aborts the handler's signal. */
  | { readonly kind: "abort"; readonly serial: number }
  /** The thread is to end; no job runs. */
  | { readonly kind: "exit" };

export interface FailedJob {
  readonly serial: number;
  readonly busyMs: number;
  readonly error: ErrorInfo;
  readonly retryable: boolean;
}

/** How jobs ended. `serials`, `busyMs` and the payloads belong to the jobs that gave a result. */
export interface Outcomes extends TransferablePayloads {
  readonly kind: "outcomes";
  readonly serials: readonly number[];
  /** Handler times. */
  readonly busyMs: readonly number[];
  readonly failed: readonly FailedJob[];
  /** Every job up to this one has left the thread's queue. */
  readonly passed: number;
}

/** Messages from a thread to the main thread. */
export type FromThread =
  /** The thread is initialised for the run, or cannot work. */
  | { readonly kind: "ready" }
  | { readonly kind: "unusable"; readonly error: ErrorInfo }
  /** The thread ends, and its `closeThread()` threw. */
  | { readonly kind: "closeFailed"; readonly error: ErrorInfo }
  /** Outcomes of a rehearsal, which the main thread drops. */
  | { readonly kind: "rehearsal"; readonly outcomes: Outcomes }
  | Outcomes;
