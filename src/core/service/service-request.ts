import type { Linked } from "../../structures/linked-queue.ts";
import type { BrokerWorker } from "./broker-worker.ts";
import type { TypeQueue } from "./type-queue.ts";

/** A client as the broker sees it: one connection. */
export interface BrokerClient {
  readonly connection: string;
  readonly id: string;
  /** What it waits for, by the numbers it gave. */
  readonly requests: Map<number, ServiceRequest>;
}

export type RequestPlace =
  | { readonly at: "queue" }
  /** Taken out to be tried alone: it was on a worker that died. */
  | { readonly at: "suspects" }
  | { readonly at: "worker"; readonly worker: BrokerWorker }
  | { readonly at: "nowhere" };

export const QUEUED: RequestPlace = { at: "queue" };
export const SUSPECTED: RequestPlace = { at: "suspects" };
export const NOWHERE: RequestPlace = { at: "nowhere" };

/** One request on its way through the broker. */
export interface ServiceRequest extends Linked<ServiceRequest> {
  /** The service's number for the request: its name between the service and workers. */
  readonly requestId: number;
  /** Nobody: its client cancelled it, or vanished. */
  client: BrokerClient | undefined;
  /** The client's id and the client's number for the request: its name for clients, handlers and logs. */
  readonly clientId: string;
  readonly clientSeq: number;
  readonly type: TypeQueue;
  readonly idempotent: boolean;
  /** Its trace context; empty: none. */
  readonly context: string;
  readonly arrivedAt: number;
  /** When its client stops waiting. */
  readonly expires: number;
  payload: Uint8Array;
  readonly bytes: number;
  /** How often it was given to a worker, as far as known. */
  attempt: number;
  /** Workers that died while it was the only request they had. */
  losses: number;
  place: RequestPlace;
}
