import type { MessagePort } from "node:worker_threads";
import type { ErrorInfo } from "../../protocol/batch-message.ts";
import type { TransferablePayloads } from "./transferable-payloads.ts";

/** What a thread is started with. */
export interface ThreadData {
  /** URL of the module that exports the user's class. */
  readonly module: string;
  readonly className: string;
  readonly index: number;
  /** See `JobStates`. */
  readonly states: SharedArrayBuffer;
  /** Longest time a result waits for others, in ms. */
  readonly flush: number;
  /** Ours alone: the thread's own port is for the user's code. */
  readonly port: MessagePort;
  /** See `becomeWorker`. */
  readonly depth: number;
}

/** Items for a thread; lists of equal length. `serial` counts the jobs of one thread. */
interface Jobs extends TransferablePayloads {
  readonly kind: "jobs";
  readonly firstSerial: number;
  readonly sourceIds: readonly string[];
  readonly seqs: readonly number[];
  readonly attempts: readonly number[];
  /** Trace contexts; empty where there are none. */
  readonly contexts: readonly string[];
}

/** From the main thread. */
export type ToThread =
  /** A run begins. */
  | {
      readonly kind: "begin";
      readonly metadata: Uint8Array;
      readonly timeout: number;
      readonly context: string;
    }
  | Jobs
  /** The state of this job is aborted: tell its handler. */
  | { readonly kind: "abort"; readonly serial: number }
  /** End; nothing is under way. */
  | { readonly kind: "exit" };

export interface FailedJob {
  readonly serial: number;
  readonly busy: number;
  readonly error: ErrorInfo;
  readonly retryable: boolean;
}

/** How jobs ended. `serials`, `busy` and the payloads are of those that gave a result. */
export interface Outcomes extends TransferablePayloads {
  readonly kind: "outcomes";
  readonly serials: readonly number[];
  /** Handler times in ms. */
  readonly busy: readonly number[];
  readonly failed: readonly FailedJob[];
  /** Every job up to this one has left the thread's queue. */
  readonly passed: number;
}

/** To the main thread. */
export type FromThread =
  /** The first run has begun, or the thread cannot work. */
  | { readonly kind: "ready" }
  | { readonly kind: "unusable"; readonly error: ErrorInfo }
  /** It ends, and its hook for that threw. */
  | { readonly kind: "closeFailed"; readonly error: ErrorInfo }
  /** Of items that nobody gave; to be dropped. */
  | { readonly kind: "rehearsal"; readonly outcomes: Outcomes }
  | Outcomes;
