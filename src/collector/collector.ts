import { randomBytes } from "node:crypto";
import { getLogger } from "../logging/logger.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { MessageType } from "../protocol/message-type.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { TaskType } from "../protocol/task-type.ts";
import type { Awaitable, Maybe } from "../role/awaitable.ts";
import { assertEndpoint, assertTimeout } from "../role/checks.ts";
import type { Members } from "../role/members.ts";
import { assertMayListen, DEFAULT_MAX_CONNECTIONS, resolveNetwork } from "../role/network.ts";
import { DEFAULT_PEER_TIMEOUT, emptyOutcome, openSession, Role, roleMembers } from "../role/role.ts";
import type { Security } from "../security/security.ts";
import type { CollectionInfo } from "./collected-result.ts";
import { CollectorSession } from "./collector-session.ts";
import type { CollectorSummary } from "./collector-summary.ts";
import type { EncodedResults, ResultBatches } from "./delivery-handlers.ts";
import type { Failure } from "./failure.ts";

/** How a collector gets several results at a time; a symbol, so that it is no part of what users see. */
export const resultBatches: unique symbol = Symbol("resultBatches");

/** How a collector gets results before they are decoded. */
export const encodedResults: unique symbol = Symbol("encodedResults");

/** The methods and fields that all collectors have. */
export const COLLECTOR_METHODS = [
  "handleCollection",
  "handleFailure",
  "handleFinished",
  "getAckData",
] as const;
export const COLLECTOR_FIELDS = [
  "endpoint",
  "ackEndpoint",
  "peerTimeout",
  "security",
  "allowInsecure",
  "maxConnections",
  "metadata",
] as const;

/**
 * The sink: gets every result once, and says so to the distributor. One collector serves one run.
 *
 * @typeParam Result - What the workers' handlers return.
 * @typeParam AckData - What goes back to the tasks with each ACK.
 * @typeParam Metadata - What a `MetaDataWorker` provides.
 *
 * @example
 * ```ts
 * class MyCollector extends Collector<{ square: number }> {
 *   readonly endpoint = COLLECTOR;
 *   readonly ackEndpoint = COLLECTOR_ACK;
 *   sum = 0;
 *   handleCollection({ square }: { square: number }) {
 *     this.sum += square;
 *   }
 *   override handleFinished() {
 *     console.log(this.sum);
 *   }
 * }
 * ```
 */
export abstract class Collector<
  Result extends object = Payload,
  AckData extends object = Payload,
  Metadata extends object = Payload,
> extends Role<CollectorSummary> {
  /** Where workers and the distributor deliver. */
  abstract readonly endpoint: EndpointAddress;
  /** Where the distributor fetches the ACKs. */
  abstract readonly ackEndpoint: EndpointAddress;
  /**
   * Longest wait for the distributor, at the start and whenever the connection is lost, in ms. `Infinity` waits for ever.
   * @default 60000
   */
  readonly peerTimeout: number = DEFAULT_PEER_TIMEOUT;
  /**
   * Keys: `tcp` links are then encrypted, and nobody gets in whose key is not on the list.
   * @default none: the collector listens on the loopback, `ipc` and `inproc` only
   */
  readonly security?: Security | undefined;
  /**
   * Listen on interfaces that other machines reach, without keys. Traffic is not encrypted and whoever connects is believed: only
   * on a network where everybody is trusted.
   * @default false: anything but the loopback, `ipc` and `inproc` is refused with `INSECURE_BIND`
   */
  readonly allowInsecure: boolean = false;
  /**
   * Most connections to each endpoint at a time. While there are so many, nobody else is let in.
   * @default 4096
   */
  readonly maxConnections: number = DEFAULT_MAX_CONNECTIONS;
  /** What the `MetaDataWorker` provided; `{}` without one. Set before the first item. */
  metadata: Metadata = {} as Metadata;

  /**
   * Called once for each item that was executed, one at a time. An item counts as collected when this has returned; when it
   * throws, the collector ends with `COLLECTION_FAILED` and the item is delivered to the next collector.
   *
   * @param data - What the worker's handler returned; `{}` for nothing.
   * @param taskType - The item's task type.
   * @param msgtype - `DATA`.
   * @param info - The item's id, attempt and worker.
   * @returns Data for the ACK: `handle()` gets it as `ackData`. Nothing counts as `{}`.
   */
  abstract handleCollection(
    data: Result,
    taskType: TaskType,
    msgtype: MessageType,
    info: CollectionInfo,
  ): Awaitable<Maybe<Partial<AckData>>>;

  /**
   * Called once for each item that failed for good. The default logs it.
   *
   * @param failure - The item's data and id, the error, and how often it was tried.
   * @param taskType - The item's task type.
   */
  handleFailure(failure: Failure<object>, taskType: TaskType): Awaitable<void> {
    const { id, attempts, error } = failure;
    const facts = { id, taskType: taskType.name, attempts, error: error.name, text: error.message };
    getLogger("zmqpipeline.collector").error(
      "item failed id={id} attempts={attempts} {error}: {text}",
      facts,
    );
  }

  /**
   * Called once, at the end of the run, after the last item.
   *
   * @param _data - The counts of this collector.
   * @param _taskType - The type of the item handled last, where there was one, else of the run's first task.
   */
  handleFinished(_data: CollectorSummary, _taskType: TaskType): Awaitable<void> {}

  /** Data for every ACK; what `handleCollection` returns is merged over it. */
  getAckData(): Partial<AckData> {
    return {};
  }

  /** @internal */
  [resultBatches](): ResultBatches | undefined {
    return undefined;
  }

  /** @internal */
  override [roleMembers](): Members {
    return { base: Collector.prototype, methods: COLLECTOR_METHODS, fields: COLLECTOR_FIELDS };
  }

  /** @internal */
  [encodedResults](): EncodedResults | undefined {
    return undefined;
  }

  /** @internal */
  [openSession](): CollectorSession {
    const name = this.constructor.name;
    assertEndpoint(`${name}.endpoint`, this.endpoint);
    assertEndpoint(`${name}.ackEndpoint`, this.ackEndpoint);
    assertTimeout(`${name}.peerTimeout`, this.peerTimeout);
    const network = resolveNetwork(this);
    for (const endpoint of [this.endpoint, this.ackEndpoint]) assertMayListen("collector", endpoint, network);
    return new CollectorSession({
      peerId: `collector-${process.pid}-${randomBytes(4).toString("hex")}`,
      endpoint: this.endpoint,
      ackEndpoint: this.ackEndpoint,
      peerTimeout: this.peerTimeout,
      network,
      setMetadata: (metadata) => {
        this.metadata = metadata as Metadata;
      },
      handleCollection: (...args) => this.handleCollection(args[0] as Result, args[1], args[2], args[3]),
      handleFailure: (failure, taskType) => this.handleFailure(failure, taskType),
      handleFinished: (summary, taskType) => this.handleFinished(summary, taskType),
      encoded: this[encodedResults](),
      batches: this[resultBatches](),
      getAckData: this.getAckData === Collector.prototype.getAckData ? undefined : () => this.getAckData(),
    });
  }

  /** @internal */
  [emptyOutcome](): CollectorSummary {
    return { status: "stopped", collected: 0, failed: 0, duplicates: 0 };
  }
}
