import { TOO_MUCH } from "../core/connection-budgets.ts";
import { BoundedLog, type RoleLog } from "../logging/logger.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { Inspect } from "../protocol/inspection-message.ts";
import {
  ACK_LINK_TO_DISTRIBUTOR,
  type AckLinkToDistributor,
  COLLECTOR_TO_DISTRIBUTOR,
  type CollectorToDistributor,
  type DistributorToAckLink,
  type DistributorToCollector,
  type DistributorToWorker,
  INSPECTOR_TO_ROLE,
  type InspectorToRole,
  type RoleToInspector,
  WORKER_TO_DISTRIBUTOR,
  type WorkerToDistributor,
} from "../protocol/message.ts";
import { connectTo, listenAt } from "../role/logged-transport.ts";
import { linkOptions, listenOptions } from "../role/network.ts";
import type { Link, LinkHandler, Listener, ListenerHandler } from "../transport/transport.ts";
import type { ResolvedDistributorOptions } from "./distributor-options.ts";

type SocketOptions = Pick<
  ResolvedDistributorOptions,
  "collectorEndpoint" | "collectorAckEndpoint" | "network"
>;

/** What a distributor's sockets tell its session. */
export interface DistributorSocketsHandler {
  workerMessage(connection: string, message: WorkerToDistributor): void;
  workerDisconnected(connection: string): void;
  /** Some worker's connection ended; it is not known which. */
  someDisconnected(): void;
  /** An inspector asks; `answer` sends it the reply. */
  inspect(connection: string, message: Inspect, answer: (reply: RoleToInspector) => void): void;
  collectorConnected(link: "data" | "ack"): void;
  collectorDisconnected(link: "data" | "ack"): void;
  collectorMessage(link: "data" | "ack", message: CollectorToDistributor | AckLinkToDistributor): void;
  /** A link to the collector cannot be made. */
  failed(error: Error): void;
}

/** A distributor's sockets: a listener for each endpoint of its tasks, and two links to the collector. */
export class DistributorSockets {
  readonly #options: SocketOptions;
  readonly #handler: DistributorSocketsHandler;
  readonly #log: RoleLog;
  readonly #refused: BoundedLog;
  readonly #listeners: Listener<DistributorToWorker | RoleToInspector>[] = [];
  #data: Link<DistributorToCollector> | undefined;
  #ack: Link<DistributorToAckLink> | undefined;

  constructor(options: SocketOptions, handler: DistributorSocketsHandler, log: RoleLog) {
    this.#options = options;
    this.#handler = handler;
    this.#log = log;
    this.#refused = new BoundedLog(log, "refused a peer or its message");
  }

  /** Listens for workers and inspectors. */
  async listen(endpoint: EndpointAddress): Promise<void> {
    const handler: ListenerHandler<WorkerToDistributor | InspectorToRole> = {
      onMessage: (connection, message) => {
        if (message.type !== "inspect") return this.#handler.workerMessage(connection, message);
        this.#handler.inspect(connection, message, (reply) => this.#send(connection, reply));
      },
      onDisconnected: (connection) => this.#handler.workerDisconnected(connection),
      onSomeDisconnected: () => this.#handler.someDisconnected(),
      onRefused: (reason) => this.#refused.add({ endpoint: endpoint.address, reason }),
    };
    const options = listenOptions(this.#options.network, "distributor", ["worker"]);
    const heard = WORKER_TO_DISTRIBUTOR.and(INSPECTOR_TO_ROLE);
    const listener = await listenAt(endpoint, heard, handler, options, this.#log);
    this.#listeners.push(listener);
  }

  /** Connects both links to the collector. */
  connect(): void {
    this.#data = this.#connect("data");
    this.#ack = this.#connect("ack");
  }

  toWorker(connection: string, message: DistributorToWorker): void {
    if (message.type === "refuse") this.#refused.add({ reason: message.reason });
    this.#send(connection, message);
  }

  /** A worker or an inspector is not heard any more. */
  shun(connection: string): void {
    this.#listenerOf(connection)?.shun(connection, TOO_MUCH);
  }

  toCollector(message: DistributorToCollector): void {
    this.#data?.send(message);
  }

  toAckLink(message: DistributorToAckLink): void {
    this.#ack?.send(message);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#listeners, this.#data, this.#ack].map((socket) => socket?.close()));
  }

  #send(connection: string, message: DistributorToWorker | RoleToInspector): void {
    this.#listenerOf(connection)?.send(connection, message);
  }

  #listenerOf(connection: string): Listener<DistributorToWorker | RoleToInspector> | undefined {
    return this.#listeners.find((listener) => listener.owns(connection));
  }

  #connect(link: "data" | "ack"): Link<DistributorToCollector | DistributorToAckLink> {
    const { collectorEndpoint, collectorAckEndpoint, network } = this.#options;
    const endpoint = link === "data" ? collectorEndpoint : collectorAckEndpoint;
    const handler: LinkHandler<CollectorToDistributor | AckLinkToDistributor> = {
      onConnected: () => this.#handler.collectorConnected(link),
      onDisconnected: () => this.#handler.collectorDisconnected(link),
      onMessage: (message) => this.#handler.collectorMessage(link, message),
      onRefused: (reason) => this.#refused.add({ endpoint: endpoint.address, reason }),
      onFailed: (error) => this.#handler.failed(error),
    };
    const heard = link === "data" ? COLLECTOR_TO_DISTRIBUTOR : ACK_LINK_TO_DISTRIBUTOR;
    const options = linkOptions("distributor", network.security, "distributor", "collector");
    return connectTo<CollectorToDistributor | AckLinkToDistributor>(
      endpoint,
      heard,
      handler,
      options,
      this.#log,
    );
  }
}
