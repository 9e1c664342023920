import type { LinkKeys } from "../transport/transport.ts";

/** Where the watching thread reports a worker that is blocked. */
export interface ReportTo {
  readonly workerId: string;
  /** The distributor's endpoint. */
  readonly endpoint: string;
  readonly keys: LinkKeys | undefined;
}

/** What the main thread tells the watching thread. */
export type ToWatchThread =
  /** A worker is to be watched. */
  | {
      readonly type: "watch";
      readonly id: number;
      /** Its {@link RunningNote}. */
      readonly memory: SharedArrayBuffer;
      /** Absent: nobody is told; a process that is to end ends all the same. */
      readonly report: ReportTo | undefined;
    }
  /** Its run begins: from now on it may be blocked. `timeout` in ms; 0: none. */
  | { readonly type: "begin"; readonly id: number; readonly runId: string; readonly timeout: number }
  /** It is over. */
  | { readonly type: "forget"; readonly id: number }
  /** Somebody replaces this process when it dies: it kills itself when an item is over its timeout. */
  | { readonly type: "replaceable" }
  /** The process ends when its parent does: when the pipe on this descriptor is at its end. */
  | { readonly type: "parent"; readonly fd: number };

/** What the watching thread is started with. */
export interface WatchThreadData {
  /** See {@link ExitLock}. */
  readonly exitLock: SharedArrayBuffer;
}
