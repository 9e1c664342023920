// The messages of distributor, worker, collector and metadata worker. `message.ts` says which role sends them to which.
//
// An item is named by its run, its task and its sequence number within the task; an execution of it also by its attempt. Payloads
// are opaque bytes here: the distributor forwards results that it could not read.

export type RoleName =
  | "distributor"
  | "worker"
  | "collector"
  | "metadataworker"
  | "service"
  | "serviceworker"
  | "serviceclient";

/** One execution of one item. */
export interface ItemRef {
  readonly seq: number;
  /** 1 for the first time the item was granted to a worker. */
  readonly attempt: number;
}

export interface ItemPayload extends ItemRef {
  readonly payload: Uint8Array;
}

/** An error as it crosses the wire. */
export interface ErrorInfo {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** The error's `code`; empty where it has none. */
  readonly code: string;
  /** The error's causes, errors and own properties, encoded; absent where there are none. `error-detail.ts` says how. */
  readonly detail?: Uint8Array;
}

/** First message on every (re)connection. `held` lists what a worker still has, so that both ends agree again. */
export interface Hello {
  readonly type: "hello";
  readonly runId: string;
  readonly role: RoleName;
  readonly peerId: string;
  readonly taskType: string;
  readonly held: readonly ItemRef[];
}

/** The answer to hello. A distributor's carries what a worker needs for the run. */
export interface Welcome {
  readonly type: "welcome";
  readonly runId: string;
  readonly role: RoleName;
  readonly peerId: string;
  /** Longest execution in ms; 0: unlimited. */
  readonly timeout: number;
  /** The run's trace context, for the spans of its items; empty: none. */
  readonly context: string;
  readonly metadata: Uint8Array;
}

/** The other answer to hello: this peer cannot be served. */
export interface Refuse {
  readonly type: "refuse";
  readonly runId: string;
  readonly reason: string;
}

/** A distributor opens its run at the collector. */
export interface Open {
  readonly type: "open";
  readonly runId: string;
  readonly peerId: string;
  readonly tasks: readonly string[];
  /** The run's trace context; empty: none. */
  readonly context: string;
  readonly metadata: Uint8Array;
}

/** A worker is initialised and executes up to `concurrency` items at a time. */
export interface Ready {
  readonly type: "ready";
  readonly runId: string;
  readonly concurrency: number;
}

/** Items for a worker, and the outcomes it need not keep any longer (the CONFIRM). Either list may be empty. */
export interface Grant {
  readonly type: "grant";
  readonly runId: string;
  /** Flush each result at once: the item is suspected of killing workers. */
  readonly solo: boolean;
  /** Items settled for good: forget them in whatever state they are. */
  readonly settled: readonly number[];
  /** Failures that arrived: forget the report of exactly that attempt. */
  readonly failuresSeen: readonly ItemRef[];
  readonly items: readonly ItemPayload[];
}

/** Asks a worker for up to `count` items that it has not started: another worker idles. */
export interface Recall {
  readonly type: "recall";
  readonly runId: string;
  readonly count: number;
}

/** These items went to other workers: the worker drops those that it has not started. */
export interface Revoke {
  readonly type: "revoke";
  readonly runId: string;
  readonly items: readonly ItemRef[];
}

/** Items that a worker gives back without having started them. */
export interface Returned {
  readonly type: "returned";
  readonly runId: string;
  /** The worker takes no more items: it is stopping. */
  readonly leaving: boolean;
  readonly items: readonly ItemRef[];
}

/**
 * The worker's main thread is stuck in these items, says the thread that watches it: nothing else that the worker holds will
 * be executed soon. Repeated while that is so.
 */
export interface Blocked {
  readonly type: "blocked";
  readonly runId: string;
  readonly workerId: string;
  readonly running: readonly ItemRef[];
  /** They are over their timeout: they have failed, and the worker is likely to end. */
  readonly expired: boolean;
}

/** An execution failed. */
export interface Fail extends ItemRef {
  readonly type: "fail";
  readonly runId: string;
  readonly retryable: boolean;
  readonly error: ErrorInfo;
}

export interface Result {
  readonly type: "result";
  readonly runId: string;
  readonly taskType: string;
  readonly workerId: string;
  /** Time spent in the handler for these items, in ms. */
  readonly busyMs: number;
  readonly items: readonly ItemPayload[];
}

/** An item that failed for good, on its way to the collector. */
export interface Failed {
  readonly type: "failed";
  readonly runId: string;
  readonly taskType: string;
  readonly seq: number;
  readonly attempts: number;
  readonly error: ErrorInfo;
  readonly payload: Uint8Array;
}

/** The collector has handled these items. */
export interface Ack {
  readonly type: "ack";
  readonly runId: string;
  readonly taskType: string;
  /** The worker that delivered the items; empty for failures, which the distributor delivers itself. */
  readonly workerId: string;
  /** Handler time and result bytes that the worker reported with them: what its window is made from. */
  readonly busyMs: number;
  readonly bytes: number;
  readonly seqs: readonly number[];
  /** The latest ACK data of the task; empty: none. */
  readonly ackData: Uint8Array;
}

export interface Metadata {
  readonly type: "metadata";
  readonly runId: string;
  readonly payload: Uint8Array;
}

/** The run is over. Repeated until confirmed by `bye` (a worker) or `ended` (the collector). */
export interface End {
  readonly type: "end";
  readonly runId: string;
  readonly status: RunStatus;
  readonly reason: string;
}

/** How a run ended: all done; stopped early and drained; given up on an error. */
export type RunStatus = "complete" | "stopped" | "aborted";

/** A message that says nothing but its type and run. */
export interface Signal<T extends SignalType> {
  readonly type: T;
  readonly runId: string;
}

export type SignalType = "ping" | "pong" | "bye" | "ended" | "accepted" | "resend";
