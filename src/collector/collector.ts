import { randomBytes } from "node:crypto";
import { RoleLog } from "../logging/logger.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { MessageType } from "../protocol/message-type.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { TaskType } from "../protocol/task-type.ts";
import type { Awaitable, Maybe } from "../role/awaitable.ts";
import { assertOwnEndpoint, assertTimeout } from "../role/checks.ts";
import { assertNoArguments, type Members } from "../role/members.ts";
import { assertMayListen, DEFAULT_MAX_CONNECTIONS, resolveNetwork } from "../role/network.ts";
import { DEFAULT_PEER_TIMEOUT, emptyOutcome, openSession, Role, roleMembers } from "../role/role.ts";
import { adoptStaticFields } from "../role/static-fields.ts";
import type { Security } from "../security/security.ts";
import { atCaller } from "../self/at-caller.ts";
import type { CollectionInfo } from "./collected-result.ts";
import { CollectorSession } from "./collector-session.ts";
import type { CollectorSummary } from "./collector-summary.ts";
import type { DeliveryHandlers, EncodedResults, LaterResults, ResultBatches } from "./delivery-handlers.ts";
import type { Failure } from "./failure.ts";

/** The method of a collector that gets results in batches. A symbol keeps it out of the public API. */
export const resultBatches: unique symbol = Symbol("resultBatches");

/** The method of a collector that gets results before they are decoded. */
export const encodedResults: unique symbol = Symbol("encodedResults");

/** The method of a collector that says what handles its results. */
export const deliveryHandlers: unique symbol = Symbol("deliveryHandlers");

/** Whether the default of a collector's `handleFailure()` writes a failure to the log. */
export const logsFailure: unique symbol = Symbol("logsFailure");

/** How a collector takes results that it handles later, in an order of its own. */
export const laterResults: unique symbol = Symbol("laterResults");

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

/** Fields of a collector that its class has as fields of the instance, or as static ones. */
declare abstract class CollectorFields {
  /** The endpoint to which workers deliver results, and the distributor failed items. A `Pipeline` has its own: leave it out there. */
  abstract readonly endpoint: EndpointAddress;
  /** The endpoint from which the distributor gets the ACKs. */
  abstract readonly ackEndpoint: EndpointAddress;
}

/**
 * Receives every result once and acknowledges it to the distributor (ACK). One collector serves one run. All fields may be static fields of the
 * class instead.
 *
 * @typeParam Result - What the workers' handlers return.
 * @typeParam AckData - The data that goes back to the task with each ACK.
 * @typeParam Metadata - The metadata that a `MetaDataWorker` provides.
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
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: run() reports fields that are missing
export abstract class Collector<
  Result = Payload,
  AckData extends object = Payload,
  Metadata extends object = Payload,
> extends Role<CollectorSummary> {
  /**
   * Longest wait for the distributor, at the start and whenever the connection is lost, in ms. `Infinity` waits for ever.
   * @default 60000
   */
  readonly peerTimeout: number = DEFAULT_PEER_TIMEOUT;
  /**
   * Keys of this role and its peers. With keys, `tcp` links are encrypted, and only peers whose keys are on the list may connect.
   * @default none: the collector listens only on the loopback interface, `ipc` and `inproc`
   */
  readonly security?: Security | undefined;
  /**
   * Whether the collector may listen without keys on interfaces that other machines reach. Traffic is then not encrypted, and every peer
   * that connects is trusted: use it only on a network where everybody is trusted.
   * @default false: endpoints other than the loopback interface, `ipc` and `inproc` are refused with `INSECURE_BIND`
   */
  readonly allowInsecure: boolean = false;
  /**
   * Most connections to each endpoint at a time. Further ones are refused.
   * @default 4096
   */
  readonly maxConnections: number = DEFAULT_MAX_CONNECTIONS;
  /** The metadata of the `MetaDataWorker`; `{}` without one. Set before the first result arrives. */
  metadata: Metadata = {} as Metadata;

  /** Takes the static fields of the class as fields of the instance. */
  constructor();
  constructor(...given: readonly unknown[]) {
    super();
    atCaller(Collector, () => assertNoArguments(this, given));
    adoptStaticFields(this, this[roleMembers]());
  }

  /**
   * Called once for each result, one call at a time. The item counts as collected when the method has returned. When it throws, the
   * collector ends with `COLLECTION_FAILED`, and the result goes to the next collector.
   *
   * @param data - What the worker's handler returned; `{}` if it returned nothing.
   * @param taskType - The item's task type.
   * @param msgtype - `DATA`.
   * @param info - The item's id, attempt and worker.
   * @returns Data for the ACK: the task's `handle()` gets it as `ackData`. Returning nothing means `{}`.
   */
  abstract handleCollection(
    data: Result,
    taskType: TaskType,
    msgtype: MessageType,
    info: CollectionInfo,
  ): Awaitable<Maybe<Partial<AckData>>>;

  /**
   * Called once for each item that failed for good. The default writes it to the log, unless a `Pipeline` has `onFailure`.
   *
   * @param failure - The item's data and id, the error, and how often the item was executed.
   * @param taskType - The item's task type.
   */
  handleFailure(failure: Failure<unknown>, taskType: TaskType): Awaitable<void> {
    if (!this[logsFailure]()) return;
    const { id, attempts, error } = failure;
    const facts = { id, taskType: taskType.name, attempts, error: error.name, text: error.message };
    new RoleLog("collector").template(
      "error",
      "item failed id={id} attempts={attempts} {error}: {text}",
      facts,
    );
  }

  /**
   * Called once at the end of the run, after the last item.
   *
   * @param _data - How many items this collector has received.
   * @param _taskType - The task type of the last item; the type of the run's first task if there was no item.
   */
  handleFinished(_data: CollectorSummary, _taskType: TaskType): Awaitable<void> {}

  /** Data for every ACK. What `handleCollection` returns is merged over it. */
  getAckData(): Partial<AckData> {
    return {};
  }

  /** @internal Replaced on instances whose failures are told elsewhere. */
  [logsFailure](): boolean {
    return true;
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
  [laterResults](): LaterResults | undefined {
    return undefined;
  }

  /** @internal */
  [openSession](): CollectorSession {
    const name = this.constructor.name;
    assertOwnEndpoint(`${name}.endpoint`, this.endpoint);
    assertOwnEndpoint(`${name}.ackEndpoint`, this.ackEndpoint);
    assertTimeout(`${name}.peerTimeout`, this.peerTimeout);
    const network = resolveNetwork(this);
    for (const endpoint of [this.endpoint, this.ackEndpoint]) assertMayListen("collector", endpoint, network);
    return new CollectorSession({
      peerId: `collector-${process.pid}-${randomBytes(4).toString("hex")}`,
      endpoint: this.endpoint,
      ackEndpoint: this.ackEndpoint,
      peerTimeoutMs: this.peerTimeout,
      network,
      setMetadata: (metadata) => {
        this.metadata = metadata as Metadata;
      },
      handleFinished: (summary, taskType) => this.handleFinished(summary, taskType),
      ...this[deliveryHandlers](),
    });
  }

  /** @internal */
  [deliveryHandlers](): DeliveryHandlers {
    return {
      handleCollection: (...args) => this.handleCollection(args[0] as Result, args[1], args[2], args[3]),
      handleFailure: (failure, taskType) => this.handleFailure(failure, taskType),
      encoded: this[encodedResults](),
      later: this[laterResults](),
      batches: this[resultBatches](),
      getAckData: this.getAckData === Collector.prototype.getAckData ? undefined : () => this.getAckData(),
    };
  }

  /** @internal */
  [emptyOutcome](): CollectorSummary {
    return { status: "stopped", collected: 0, failed: 0, duplicates: 0, refused: 0 };
  }
}

// An interface, because TypeScript asks for `override` where a class gives a value to a field of its base class.
// biome-ignore lint/correctness/noUnusedVariables: merged declarations have the same type parameters
export interface Collector<Result, AckData, Metadata>
  extends Pick<CollectorFields, "endpoint" | "ackEndpoint"> {}
