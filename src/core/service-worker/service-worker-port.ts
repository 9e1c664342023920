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
  /** The address at which the service listens, for errors. */
  readonly endpoint?: string;
  /** Longest wait for the service, in ms. */
  readonly peerTimeoutMs: number;
}

export interface ServiceWorkerPort {
  send(message: WorkerToService): void;
  /** The first contact: the shell initialises its worker, then calls `initialised`. */
  begin(): void;
  /** The reply is not needed any more. @returns Whether the outcome will be reported all the same. */
  abandon(execution: ServiceExecution): boolean;
  /** Requests have arrived: the shell calls `next`. */
  work(): void;
  /** No more requests can be executed at once: the shell calls `flush` soon. */
  flushSoon(): void;
  /** The replies wait for others that are about to be ready: the shell calls `flush` in `FLUSH_MS`. */
  flushLater(): void;
  over(error: Error | undefined): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

export type ServiceWorkerPhase = "waiting" | "initialising" | "working" | "leaving" | "over";
