import type { WorkerToService } from "../../protocol/message.ts";
import type { Execution } from "../execution.ts";

/** A request that the worker is to execute, or is executing. `sourceId` is the client's id, `seq` the client's number for it. */
export interface ServiceExecution extends Execution {
  /** The service's number for the request. */
  readonly requestId: number;
}

export interface ServiceWorkerOptions {
  readonly workerId: string;
  readonly taskType: string;
  readonly concurrency: number;
  /** Longest wait for the service, in ms. */
  readonly peerTimeout: number;
}

export interface ServiceWorkerPort {
  send(message: WorkerToService): void;
  /** The first contact: initialise, then call `initialised`. */
  begin(): void;
  /** Nobody wants this reply any more. @returns Whether its outcome will be reported all the same. */
  abandon(execution: ServiceExecution): boolean;
  /** Requests arrived: call `next`. */
  work(): void;
  /** Nothing more can be executed at once: call `flush` before long. */
  flushSoon(): void;
  /** The replies that are done wait for others, which are about to be: call `flush` in `FLUSH_MS`. */
  flushLater(): void;
  over(error: Error | undefined): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

export type ServiceWorkerPhase = "waiting" | "initialising" | "working" | "leaving" | "over";
