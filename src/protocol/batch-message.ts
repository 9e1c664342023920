// The messages of distributor, worker, collector and metadata worker. `message.ts` lists the messages of each direction.
//
// Run, task and sequence number within the task identify an item; an execution is identified by its attempt, too. Payloads stay
// encoded here: a role that only forwards an item never decodes it.

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
  /** 1 for the first grant of the item to a worker. */
  readonly attempt: number;
}

export interface ItemPayload extends ItemRef {
  readonly payload: Uint8Array;
}

/** An error in the form that messages carry. */
export interface ErrorInfo {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** The error's `code`; empty when it has none. */
  readonly code: string;
  /** The error's causes, errors and own properties, encoded by `error-detail.ts`; absent when there are none. */
  readonly detail?: Uint8Array;
}

/** First message on every connection and reconnection. `held` lists the items that a worker still has, so that both ends agree. */
export interface Hello {
  readonly type: "hello";
  readonly runId: string;
  readonly role: RoleName;
  readonly peerId: string;
  readonly taskType: string;
  /** The worker's ticket, by which the distributor knows the worker again; empty while it has none, and to and from all other roles. */
  readonly ticket: string;
  readonly held: readonly ItemRef[];
}

/** Accepts a hello. A distributor's welcome carries what a worker needs for the run. */
export interface Welcome {
  readonly type: "welcome";
  readonly runId: string;
  readonly role: RoleName;
  readonly peerId: string;
  /** Longest execution, in ms; 0: no limit. */
  readonly timeoutMs: number;
  /** A secret that the worker shows with its results, and when it comes back; empty from all roles but a distributor. */
  readonly ticket: string;
  /** The run's trace context, the parent of its items' spans; empty: none. */
  readonly context: string;
  readonly metadata: Uint8Array;
}

/** Rejects a hello: the sender does not serve this peer. */
export interface Refuse {
  readonly type: "refuse";
  readonly runId: string;
  readonly reason: string;
}

/** Whose results a collector takes: those of the worker that the item was given to, or those of any worker. */
export type Trust = "any" | "assigned";

/** Opens a distributor's run at the collector. */
export interface Open {
  readonly type: "open";
  readonly runId: string;
  readonly peerId: string;
  readonly tasks: readonly string[];
  readonly trust: Trust;
  /** The run's trace context; empty: none. */
  readonly context: string;
  readonly metadata: Uint8Array;
}

/** Tells the collector which items of a task exist, so that it refuses results of others. */
export interface Produced {
  readonly type: "produced";
  readonly runId: string;
  readonly taskType: string;
  /** How many items the task has produced: their sequence numbers are below this number. */
  readonly count: number;
  /** No more will be produced. */
  readonly all: boolean;
  /** Items that had failed for good and are executed again: their sequence numbers, which have a generation. */
  readonly again: readonly number[];
}

/**
 * Tells the collector which items a worker was given, with trust `"assigned"`: it takes results of these items from a peer that shows the
 * worker's ticket, under the worker's id.
 */
export interface Assigned {
  readonly type: "assigned";
  readonly runId: string;
  readonly taskType: string;
  readonly workerId: string;
  readonly ticket: string;
  readonly seqs: readonly number[];
}

/** The worker is initialised and executes up to `concurrency` items at a time. */
export interface Ready {
  readonly type: "ready";
  readonly runId: string;
  readonly concurrency: number;
}

/** Grants items to a worker, and confirms outcomes that the worker need not keep any longer. Each list may be empty. */
export interface Grant {
  readonly type: "grant";
  readonly runId: string;
  /** Send each result at once: the items are suspects, which may kill the worker. */
  readonly solo: boolean;
  /** Settled items: the worker forgets them, whatever their state. */
  readonly settled: readonly number[];
  /** Failures that arrived: the worker forgets its report of exactly that attempt. */
  readonly failuresSeen: readonly ItemRef[];
  readonly items: readonly ItemPayload[];
}

/** Asks a worker to return up to `count` items that it has not started, because another worker is idle. */
export interface Recall {
  readonly type: "recall";
  readonly runId: string;
  readonly count: number;
}

/** Tells a worker to drop those of the items that it has not started: they were granted to other workers. */
export interface Revoke {
  readonly type: "revoke";
  readonly runId: string;
  readonly items: readonly ItemRef[];
}

/** Items that a worker returns without having started them. */
export interface Returned {
  readonly type: "returned";
  readonly runId: string;
  /** The worker takes no more items: it is stopping. */
  readonly leaving: boolean;
  readonly items: readonly ItemRef[];
}

/**
 * A worker's watching thread reports that the main thread is stuck in the `running` items, so that the worker will execute nothing
 * else soon. Repeated as long as the main thread is stuck.
 */
export interface Blocked {
  readonly type: "blocked";
  readonly runId: string;
  readonly workerId: string;
  /** The worker's ticket; empty to a service. */
  readonly ticket: string;
  readonly running: readonly ItemRef[];
  /** The running items have exceeded their timeout: they have failed, and the worker will probably end. */
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
  /** The ticket of the worker, from its distributor's welcome. */
  readonly ticket: string;
  /** Time spent in the handler for these items, in ms. */
  readonly busyMs: number;
  readonly items: readonly ItemPayload[];
}

/** Tells the collector of an item that failed for good. */
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
  /** Handler time that the worker reported with the items, in ms. With `bytes`, it determines the worker's window. */
  readonly busyMs: number;
  /** Bytes of the items' results. */
  readonly bytes: number;
  readonly seqs: readonly number[];
  /** The task's latest ACK data; empty: none. */
  readonly ackData: Uint8Array;
  /** The item to which the ACK data belong: the one of the task that was handled last. */
  readonly ackSeq: number;
}

export interface Metadata {
  readonly type: "metadata";
  readonly runId: string;
  readonly payload: Uint8Array;
}

/** The run has ended. Repeated until the receiver confirms it: a worker with `bye`, the collector with `ended`. */
export interface End {
  readonly type: "end";
  readonly runId: string;
  readonly status: RunStatus;
  readonly reason: string;
}

/** How a run ended: every item was settled; it was stopped early and drained; it was given up after an error. */
export type RunStatus = "complete" | "stopped" | "aborted";

/** A message without fields but its type and run. */
export interface Signal<T extends SignalType> {
  readonly type: T;
  readonly runId: string;
}

type SignalType = "ping" | "pong" | "bye" | "ended" | "accepted" | "resend";
