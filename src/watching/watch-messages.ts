import type { LinkKeys } from "../transport/transport.ts";

/** The distributor to which the watching thread reports a blocked worker. */
export interface ReportTo {
  readonly workerId: string;
  /** The distributor's endpoint. */
  readonly endpoint: string;
  readonly keys: LinkKeys | undefined;
}

/** Messages from the main thread to the watching thread. */
export type ToWatchThread =
  /** A worker is to be watched. */
  | {
      readonly type: "watch";
      readonly id: number;
      /** The memory of the worker's {@link RunningNote}. */
      readonly memory: SharedArrayBuffer;
      /** Absent: nothing is reported, but a replaceable process still ends when it is stuck. */
      readonly report: ReportTo | undefined;
    }
  /** The worker's run begins: from now on it may be blocked. `timeoutMs` 0: no limit. */
  | {
      readonly type: "begin";
      readonly id: number;
      readonly runId: string;
      readonly ticket: string;
      readonly timeoutMs: number;
    }
  /** The worker has ended. */
  | { readonly type: "forget"; readonly id: number }
  /** The parent replaces this process when it ends: the thread may kill it when an item that is over its timeout blocks it. */
  | { readonly type: "replaceable" }
  /** The process is to end when the pipe on this descriptor does: then its parent has ended. */
  | { readonly type: "parent"; readonly fd: number };

/** What the watching thread is started with. */
export interface WatchThreadData {
  /** See {@link ExitLock}. */
  readonly exitLock: SharedArrayBuffer;
}
