import type { ErrorInfo, ItemPayload, ItemRef } from "./batch-message.ts";

// The messages that only services have. `message.ts` lists the messages of each direction.
//
// `runId` identifies one start of the service. `seq` is the client's number of a request (`clientSeq`) between client and service,
// and the service's number of it (`requestId`) between service and worker.

export type ServiceMessage = Request | Assign | Reply | RequestFailures | Cancel;

/** Requests of one client that differ only in their payloads. */
export interface Request {
  readonly type: "request";
  readonly runId: string;
  readonly taskType: string;
  /** How long the client still waits, in ms; 0: for ever. */
  readonly timeoutMs: number;
  /** Whether the requests may be executed more than once. */
  readonly idempotent: boolean;
  /** The requests' trace context; empty: none. */
  readonly context: string;
  readonly items: readonly ItemPayload[];
}

/** A request that is assigned to a worker. `seq` is the service's `requestId`. */
export interface AssignedItem extends ItemPayload {
  /** Index of the client's id in the message's `clients`. */
  readonly clientIndex: number;
  /** The client's number of the request. */
  readonly clientSeq: number;
  /** The request's trace context; empty: none. */
  readonly context: string;
}

export interface Assign {
  readonly type: "assign";
  readonly runId: string;
  /** The ids of the clients that made the requests. */
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

/** The origin of a failure: the handler threw, the worker gave the execution up, or the service never assigned the request. */
export type FailureOrigin = "handler" | "worker" | "service";

/** Requests that failed with the same error. */
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
