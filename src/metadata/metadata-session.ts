import { PipelineError } from "../errors.ts";
import { BoundedLog, RoleLog } from "../logging/logger.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import {
  DISTRIBUTOR_TO_METADATA,
  type DistributorToMetadata,
  type MetadataToDistributor,
} from "../protocol/message.ts";
import { encodePayload } from "../protocol/payload/payload.ts";
import { nameThrown } from "../protocol/thrown.ts";
import { connectTo } from "../role/logged-transport.ts";
import { linkOptions } from "../role/network.ts";
import { connectedPeer, type PeerState } from "../role/peer-state.ts";
import { Session } from "../role/session.ts";
import type { Security } from "../security/security.ts";
import type { Link, LinkHandler } from "../transport/transport.ts";

/** How often unconfirmed metadata is sent again, in ms. */
const REPEAT_MS = 1000;

/** What a session needs to know of its worker. */
export interface MetadataHost {
  readonly endpoint: EndpointAddress;
  readonly peerTimeoutMs: number;
  readonly security: Security | undefined;
  getMetadata(): Promise<object>;
}

/** Delivers the metadata once: sends it on every new connection, and every second, until the distributor confirms it. */
export class MetadataSession extends Session<void> {
  readonly #host: MetadataHost;
  readonly #log: RoleLog;
  #link: Link<MetadataToDistributor> | undefined;
  #payload: Uint8Array | undefined;
  #runId = "";
  #nextSend = 0;

  constructor(host: MetadataHost) {
    super();
    this.#host = host;
    this.#log = new RoleLog("metadataworker", { endpoint: host.endpoint.address });
  }

  override get peers(): readonly PeerState[] {
    return [connectedPeer("the distributor", this.#host.endpoint, this.#runId !== "")];
  }

  stop(): void {
    queueMicrotask(this.guard(() => this.resolve()));
  }

  protected async open(): Promise<void> {
    const refused = new BoundedLog(this.#log, "refused a peer or its message");
    const { endpoint, security } = this.#host;
    const handler: LinkHandler<DistributorToMetadata> = {
      onConnected: this.guard(() => this.#hello()),
      onDisconnected: () => {},
      onMessage: this.guard((message) => this.#receive(message)),
      onRefused: (reason) => refused.add({ reason }),
      onFailed: this.guard((error) => this.reject(error)),
    };
    const options = linkOptions("metadataworker", security, "metadata", "distributor");
    this.#link = connectTo(endpoint, DISTRIBUTOR_TO_METADATA, handler, options, this.#log);
    // Not awaited: open() must not wait for user code.
    this.#host.getMetadata().then(
      this.guard((metadata) => {
        this.#payload = encodePayload(metadata, "metadata");
        this.#send();
      }),
      this.guard((error: unknown) => {
        const text = nameThrown(error);
        const facts = { role: "metadataworker", endpoint: this.#host.endpoint.address, cause: error };
        this.reject(new PipelineError("INIT_FAILED", `getMetadata() threw: ${text}`, facts));
      }),
    );
  }

  protected tick(): void {
    if (this.clock.now >= this.#host.peerTimeoutMs) {
      const { peerTimeoutMs } = this.#host;
      const endpoint = this.#host.endpoint.address;
      const message = `No distributor took the metadata at ${JSON.stringify(endpoint)} within ${peerTimeoutMs} ms`;
      this.reject(new PipelineError("PEER_TIMEOUT", message, { role: "metadataworker", endpoint }));
    }
    if (this.clock.now >= this.#nextSend) this.#send();
  }

  protected async close(): Promise<void> {
    await this.#link?.close();
  }

  #hello(): void {
    const peerId = `metadataworker-${process.pid}`;
    this.#link?.send({
      type: "hello",
      runId: "",
      role: "metadataworker",
      peerId,
      taskType: "",
      ticket: "",
      held: [],
    });
  }

  #receive(message: DistributorToMetadata): void {
    if (message.type === "welcome") {
      this.#runId = message.runId;
      this.#send();
    } else if (message.type === "accepted" && message.runId === this.#runId) {
      this.#log.write("info", "metadata delivered");
      this.resolve();
    } else if (message.type === "refuse") {
      const facts = { role: "metadataworker", endpoint: this.#host.endpoint.address };
      this.reject(
        new PipelineError("PEER_REFUSED", `The distributor refused the metadata: ${message.reason}`, facts),
      );
    }
  }

  #send(): void {
    if (this.#payload === undefined || this.#runId === "") return;
    this.#nextSend = this.clock.now + REPEAT_MS;
    this.#link?.send({ type: "metadata", runId: this.#runId, payload: this.#payload });
  }
}
