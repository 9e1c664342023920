import type { Linked } from "../../structures/linked-queue.ts";
import type { BrokerWorker } from "./broker-worker.ts";
import type { TypeQueue } from "./type-queue.ts";

/** What the broker knows about one client, which is one connection. */
export interface BrokerClient {
  readonly connection: string;
  readonly id: string;
  /** The requests that the client waits for, by `clientSeq`. */
  readonly requests: Map<number, ServiceRequest>;
  /** Task types that the client was the first to name, and that have no worker. */
  readonly named: Set<TypeQueue>;
}

export type RequestPlace =
  | { readonly at: "queue" }
  /** Among the suspects: the request was on a worker that died, and is to be tried alone. */
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
  /** Absent once the client has cancelled the request, has its answer, or is gone. */
  client: BrokerClient | undefined;
  /** The client's id and the client's number for the request: its name for clients, handlers and logs. */
  readonly clientId: string;
  readonly clientSeq: number;
  readonly type: TypeQueue;
  readonly idempotent: boolean;
  /** The trace context of the request; empty: none. */
  readonly context: string;
  readonly arrivedAt: number;
  /** When the client stops waiting. */
  readonly expires: number;
  payload: Uint8Array;
  readonly bytes: number;
  /** How often the request was given to a worker, as far as the broker knows. */
  attempt: number;
  /** How many workers died while this was their only request. */
  losses: number;
  place: RequestPlace;
}
