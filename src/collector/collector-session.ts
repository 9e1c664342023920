import { CollectorCore } from "../core/collector/collector-core.ts";
import type { CollectorPort } from "../core/collector/collector-port.ts";
import { TOO_MUCH } from "../core/connection-budgets.ts";
import { PipelineError } from "../errors.ts";
import { BoundedLog, RoleLog } from "../logging/logger.ts";
import type { Open, RunStatus } from "../protocol/batch-message.ts";
import type { Direction } from "../protocol/direction.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import {
  type AckLinkToDistributor,
  type CollectorToDistributor,
  type CollectorToWorker,
  DISTRIBUTOR_TO_ACK_LINK,
  DISTRIBUTOR_TO_COLLECTOR,
  INSPECTOR_TO_ROLE,
  type InspectorToRole,
  type Message,
  type RoleToInspector,
  WORKER_TO_COLLECTOR,
} from "../protocol/message.ts";
import { decodePayload, type Payload } from "../protocol/payload/payload.ts";
import { PayloadTypeError } from "../protocol/payload/payload-check.ts";
import type { TaskType } from "../protocol/task-type.ts";
import { isInstance, nameThrown } from "../protocol/thrown.ts";
import type { Awaitable } from "../role/awaitable.ts";
import { warnOfFewDescriptors } from "../role/descriptor-limit.ts";
import { listenAt } from "../role/logged-transport.ts";
import { listenOptions, type ResolvedNetwork } from "../role/network.ts";
import { expectedPeer, type PeerState } from "../role/peer-state.ts";
import { Session } from "../role/session.ts";
import type { Listener, ListenerHandler } from "../transport/transport.ts";
import type { CollectorSummary } from "./collector-summary.ts";
import type { DeliveryHandlers } from "./delivery-handlers.ts";
import { DeliveryLoop } from "./delivery-loop.ts";

/** The answer to an inspector that asks for the state of the run. */
const NOT_HERE: RoleToInspector = {
  type: "refuse",
  runId: "",
  reason: "this is a collector: ask the distributor for the state of the run, at a task's endpoint",
};

/** How long a collector waits after a signal for a distributor that is not connected, in ms. */
const LONELY_MS = 500;

/** What a session needs to know about its collector. */
export interface CollectorHost extends DeliveryHandlers {
  readonly peerId: string;
  readonly endpoint: EndpointAddress;
  readonly ackEndpoint: EndpointAddress;
  readonly peerTimeoutMs: number;
  readonly network: ResolvedNetwork;
  setMetadata(metadata: Payload): void;
  handleFinished(summary: CollectorSummary, taskType: TaskType): Awaitable<void>;
}

/** One run of a collector: connects the core to the listeners and the user's handlers. */
export class CollectorSession extends Session<CollectorSummary> {
  readonly #host: CollectorHost;
  readonly #core: CollectorCore;
  readonly #log = new RoleLog("collector");
  readonly #refused = new BoundedLog(this.#log, "refused a peer or its message");
  readonly #refusedResults = new BoundedLog(this.#log, "refused results");
  readonly #listeners: {
    data?: Listener<CollectorToWorker | CollectorToDistributor>;
    ack?: Listener<AckLinkToDistributor>;
  } = {};
  readonly #loop: DeliveryLoop;
  #status: CollectorSummary["status"] = "stopped";
  /** Pending while the delivery loop runs. */
  #handling: Promise<void> | undefined;
  #stopping = false;
  #stopAt = Number.POSITIVE_INFINITY;
  /** The signal that the collector has got: when, and until when it goes on. */
  #signal: { readonly at: number; readonly until: number } | undefined;

  constructor(host: CollectorHost) {
    super();
    this.#host = host;
    const { peerId, peerTimeoutMs } = host;
    const addresses = [host.endpoint.address, host.ackEndpoint.address];
    this.#core = new CollectorCore({ peerId, peerTimeoutMs, addresses }, this.#port());
    this.#loop = new DeliveryLoop(host, this.#core, (error) =>
      this.#core.abort(this.#failed(error, this.#loop.lastCall)),
    );
  }

  override get peers(): readonly PeerState[] {
    return [expectedPeer("the distributor", this.#host.endpoint, this.#core.hasDistributor)];
  }

  /** Handles and ACKs the results that have arrived, then ends. */
  stop(timeoutMs: number): void {
    queueMicrotask(
      this.guard(() => {
        this.#stopping = true;
        this.#stopAt = this.clock.now + timeoutMs;
        if (this.#handling === undefined) this.#core.abort();
      }),
    );
  }

  /**
   * Goes on until the run is over, or for `timeoutMs`: Ctrl-C in a terminal reaches the distributor, too, which ends the run when the collector
   * has acknowledged what is under way.
   */
  override drain(timeoutMs: number): void {
    const { now } = this.clock;
    this.#signal ??= { at: now, until: now + timeoutMs };
  }

  protected async open(): Promise<void> {
    const { endpoint, ackEndpoint } = this.#host;
    const toData = WORKER_TO_COLLECTOR.and(DISTRIBUTOR_TO_COLLECTOR);
    this.#listeners.data = await this.#listen("data", endpoint, toData, (connection, message) => {
      // Results that arrive after stop() are not handled: their workers keep them for the next collector.
      if (!this.#stopping) this.#core.peerMessage(connection, message);
    });
    this.#listeners.ack = await this.#listen(
      "ack",
      ackEndpoint,
      DISTRIBUTOR_TO_ACK_LINK,
      (connection, hello) => this.#core.ackLinkMessage(connection, hello),
    );
    warnOfFewDescriptors(this.#host.network, this.#log);
    this.#log.write("info", "collector began", {
      endpoint: endpoint.address,
      ackEndpoint: ackEndpoint.address,
    });
  }

  protected tick(now: number): void {
    this.#core.tick(now);
    this.#endDraining();
    if (this.clock.now >= this.#stopAt) this.#core.abort();
  }

  #endDraining(): void {
    if (this.#signal === undefined || this.#stopping) return;
    const { now } = this.clock;
    const { at, until } = this.#signal;
    const isAlone = !this.#core.hasDistributor && now >= at + LONELY_MS;
    if (isAlone || now >= until) this.stop(Math.max(0, until - now));
  }

  protected async close(): Promise<void> {
    await Promise.all([this.#listeners.data?.close(), this.#listeners.ack?.close()]);
  }

  get #summary(): CollectorSummary {
    const { duplicates, refused } = this.#core;
    return { status: this.#status, ...this.#loop.counts, duplicates, refused };
  }

  async #listen<In extends Message>(
    link: "data" | "ack",
    endpoint: EndpointAddress,
    direction: Direction<In>,
    receive: (connection: string, message: In) => void,
  ): Promise<Listener> {
    let listener: Listener | undefined; // a message may arrive before it is set
    const handler: ListenerHandler<In | InspectorToRole> = {
      onMessage: this.guard((connection, message) => {
        if (INSPECTOR_TO_ROLE.allows(message)) {
          listener?.send(connection, NOT_HERE);
          this.#core.budgets.heard(connection, message, 0);
        } else receive(connection, message as In);
      }),
      onDisconnected: this.guard((connection) => this.#core.disconnected(link, connection)),
      onSomeDisconnected: this.guard(() => this.#core.probe()),
      onRefused: (reason) => this.#refused.add({ endpoint: endpoint.address, reason }),
    };
    const peers = link === "data" ? (["distributor", "worker"] as const) : (["distributor"] as const);
    const options = listenOptions(this.#host.network, "collector", peers);
    const heard = direction.and(INSPECTOR_TO_ROLE);
    listener = await listenAt(endpoint, heard, handler, options, this.#log);
    return listener;
  }

  #port(): CollectorPort {
    return {
      toPeer: (connection, message) => {
        if (message.type === "refuse") this.#refused.add({ reason: message.reason });
        this.#listeners.data?.send(connection, message);
      },
      toAckLink: (connection, message) => this.#listeners.ack?.send(connection, message),
      begin: (open) => this.#begin(open),
      work: () => this.#handle(),
      finish: (status, error) => void this.#finish(status, error),
      over: (error) => {
        this.#log.write("info", "collector ended", { ...this.#summary });
        if (error === undefined) this.resolve(this.#summary);
        else this.reject(error);
      },
      exceeded: (connection) => {
        for (const listener of [this.#listeners.data, this.#listeners.ack])
          if (listener?.owns(connection)) listener.shun(connection, TOO_MUCH);
      },
      refused: (why, worker, taskType, count) =>
        this.#refusedResults.add(
          { reason: `worker ${worker} has results of ${why}`, worker, taskType },
          count,
        ),
      note: (event, facts) => this.#log.write("debug", event, facts),
    };
  }

  #begin(open: Open): void {
    this.#host.setMetadata(decodePayload(open.metadata));
    this.#loop.begin(open);
  }

  #handle(): void {
    this.#handling ??= this.#loop
      .run()
      .catch((error: unknown) => this.#core.abort(this.#failed(error, this.#loop.lastCall)))
      .finally(() => {
        this.#handling = undefined;
        // A delivery that arrived after the loop had looked for the last time, and before it ended, started no loop.
        if (this.#core.queued > 0) this.#handle();
        else if (this.#stopping) this.#core.abort();
      });
  }

  /** END has arrived: waits until all deliveries are handled, then calls the user's `handleFinished()`. */
  async #finish(status: RunStatus, error: Error | undefined): Promise<void> {
    try {
      if (error !== undefined || status === "aborted") return this.#core.finished(error);
      this.#status = status;
      await this.#handling;
      const taskType = this.#loop.lastType;
      if (taskType !== undefined) await this.#host.handleFinished(this.#summary, taskType);
      this.#core.finished();
    } catch (thrown) {
      this.#core.abort(this.#failed(thrown, "handleFinished() of the collector"));
    }
  }

  /** @param hook - What has thrown, in words. */
  #failed(thrown: unknown, hook: string): Error {
    if (isInstance(thrown, PayloadTypeError)) return thrown;
    const text = nameThrown(thrown);
    const facts = { role: "collector", endpoint: this.#host.endpoint.address, cause: thrown };
    return new PipelineError("COLLECTION_FAILED", `${hook} threw: ${text}`, facts);
  }
}
