import { ConnectionBudgets, TOO_MUCH } from "../core/connection-budgets.ts";
import { BoundedLog, type RoleLog } from "../logging/logger.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import {
  type DistributorToMetadata,
  METADATA_TO_DISTRIBUTOR,
  type MetadataToDistributor,
} from "../protocol/message.ts";
import { decodePayload, type Payload } from "../protocol/payload/payload.ts";
import { ProtocolError } from "../protocol/wire/byte-reader.ts";
import { EMPTY } from "../protocol/wire/payload-frames.ts";
import { listenAt } from "../role/logged-transport.ts";
import { listenOptions, type ResolvedNetwork } from "../role/network.ts";
import type { Listener, ListenerHandler } from "../transport/transport.ts";

/** Receives the run's metadata: takes the first that arrives, and confirms each one. */
export class MetadataListener {
  readonly #runId: string;
  readonly #onMetadata: (metadata: Payload) => void;
  readonly #log: RoleLog;
  readonly #refused: BoundedLog;
  readonly #budgets: ConnectionBudgets;
  #listener: Listener<DistributorToMetadata> | undefined;
  received = false;

  /** @param clock - The role's clock. */
  constructor(
    runId: string,
    onMetadata: (metadata: Payload) => void,
    clock: { readonly now: number },
    log: RoleLog,
  ) {
    this.#runId = runId;
    this.#budgets = new ConnectionBudgets(clock, (connection) => this.#listener?.shun(connection, TOO_MUCH));
    this.#onMetadata = onMetadata;
    this.#log = log;
    this.#refused = new BoundedLog(log, "refused a peer or its message");
  }

  async listen(endpoint: EndpointAddress, network: ResolvedNetwork): Promise<void> {
    const refused = (reason: string) => this.#refused.add({ endpoint: endpoint.address, reason });
    const handler: ListenerHandler<MetadataToDistributor> = {
      onMessage: (connection, message) => {
        const isFirst = !this.received;
        this.#receive(connection, message, refused);
        this.#budgets.heard(connection, message, isFirst && this.received ? 1 : 0);
      },
      onDisconnected: (connection) => this.#budgets.disconnected(connection),
      onSomeDisconnected: () => {},
      onRefused: refused,
    };
    const options = listenOptions(network, "distributor", ["metadata"]);
    this.#listener = await listenAt(endpoint, METADATA_TO_DISTRIBUTOR, handler, options, this.#log);
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }

  #receive(connection: string, message: MetadataToDistributor, refused: (reason: string) => void): void {
    const runId = this.#runId;
    if (message.type === "hello" && message.role === "metadataworker") {
      const welcome = {
        role: "distributor",
        peerId: runId,
        timeoutMs: 0,
        ticket: "",
        context: "",
        metadata: EMPTY,
      } as const;
      this.#listener?.send(connection, { type: "welcome", runId, ...welcome });
    } else if (message.type === "metadata" && message.runId === runId) {
      if (!this.received) {
        let metadata: Payload;
        try {
          metadata = decodePayload(message.payload);
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          return refused(error.message);
        }
        this.received = true;
        this.#onMetadata(metadata);
      }
      this.#listener?.send(connection, { type: "accepted", runId });
    } else {
      refused(`unexpected ${message.type}`);
    }
  }
}
