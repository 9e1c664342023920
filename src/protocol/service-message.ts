import type { ErrorInfo, ItemPayload, ItemRef } from "./batch-message.ts";

// The messages of services that batches do not have. `message.ts` says which role sends them to which.
//
// The run in a message is one start of the service. `seq` is the client's number for a request (`clientSeq`) between client and
// service, and the service's own (`requestId`) between service and worker.

export type ServiceMessage = Request | Assign | Reply | RequestFailures | Cancel;

/** Requests of one client that have all but their payload in common. */
export interface Request {
  readonly type: "request";
  readonly runId: string;
  readonly taskType: string;
  /** How long the client waits from now on, in ms; 0: for ever. */
  readonly timeout: number;
  /** Whether the requests may be executed more than once. */
  readonly idempotent: boolean;
  /** Their trace context; empty: none. */
  readonly context: string;
  readonly items: readonly ItemPayload[];
}

/** A request for a worker. `seq` is the service's `requestId`. */
export interface AssignedItem extends ItemPayload {
  /** Where the client's id is in the message's `clients`. */
  readonly clientIndex: number;
  /** The client's number for the request. */
  readonly clientSeq: number;
  /** Its trace context; empty: none. */
  readonly context: string;
}

export interface Assign {
  readonly type: "assign";
  readonly runId: string;
  /** The ids of the clients concerned. */
  readonly clients: readonly string[];
  readonly items: readonly AssignedItem[];
}

export interface Reply {
  readonly type: "reply";
  readonly runId: string;
  /** Time spent in the handler for these requests, in ms; 0 on the way to a client. */
  readonly busyMs: number;
  readonly items: readonly ItemPayload[];
}

/** What failed a request: its handler threw, its worker gave the handler up, or the service never assigned it. */
export type FailureOrigin = "handler" | "worker" | "service";

/** Requests that failed in the same way. */
export interface RequestFailures {
  readonly type: "failure";
  readonly runId: string;
  readonly origin: FailureOrigin;
  readonly error: ErrorInfo;
  readonly items: readonly ItemRef[];
}

/** The client no longer waits for these replies. */
export interface Cancel {
  readonly type: "cancel";
  readonly runId: string;
  readonly items: readonly ItemRef[];
}
