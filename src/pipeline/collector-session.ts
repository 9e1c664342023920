import { CollectorCore, type CollectorPort } from "../core/collector-core.ts";
import type { Delivery } from "../core/inbox.ts";
import { PipelineError } from "../errors.ts";
import { BoundedLog, RoleLog } from "../logging/logger.ts";
import { ProtocolError } from "../protocol/byte-reader.ts";
import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { toErrorInfo } from "../protocol/error-info.ts";
import { itemId } from "../protocol/item-id.ts";
import type { Message, Open, RunStatus } from "../protocol/message.ts";
import { MessageType } from "../protocol/message-type.ts";
import { decodePayload, encodePayload, type Payload } from "../protocol/payload.ts";
import { PayloadTypeError } from "../protocol/payload-check.ts";
import { EMPTY } from "../protocol/payload-frames.ts";
import { TaskType } from "../protocol/task-type.ts";
import type { Awaitable, Maybe } from "../role/awaitable.ts";
import { descriptorWarning } from "../role/descriptor-limit.ts";
import { listenOptions, type ResolvedNetwork } from "../role/network.ts";
import { Session } from "../role/session.ts";
import type { Listener, ListenerHandler } from "../transport/transport.ts";
import { transportFor } from "../transport/transport-for.ts";
import type { CollectionInfo, CollectorSummary, Failure } from "./collector.ts";
import { isThenable } from "./task-source.ts";

/** After how long of handling, in ms, ACKs go out and the event loop has its turn. */
const SLICE_MS = 10;

/** To who asks how the run stands. */
const NOT_HERE: Message = {
  type: "refuse",
  runId: "",
  reason: "this is a collector; the distributor knows how the run stands, and is asked at a task's endpoint",
};

/** What a session needs to know of its collector. */
export interface CollectorHost {
  readonly peerId: string;
  readonly endpoint: EndpointAddress;
  readonly ackEndpoint: EndpointAddress;
  readonly peerTimeout: number;
  readonly network: ResolvedNetwork;
  setMetadata(metadata: Payload): void;
  handleCollection(
    data: Payload,
    taskType: TaskType,
    msgtype: MessageType,
    info: CollectionInfo,
  ): Awaitable<Maybe<object>>;
  handleFailure(failure: Failure, taskType: TaskType): Awaitable<void>;
  handleFinished(summary: CollectorSummary, taskType: TaskType): Awaitable<void>;
  readonly getAckData: (() => object) | undefined;
}

/** One run of a collector: its listeners, the user's handlers, and the core between them. */
export class CollectorSession extends Session<CollectorSummary> {
  readonly #host: CollectorHost;
  readonly #core: CollectorCore;
  readonly #log = new RoleLog("collector");
  readonly #refused = new BoundedLog(this.#log, "refused a peer or its message");
  readonly #listeners: { data?: Listener; ack?: Listener } = {};
  readonly #counts = { collected: 0, failed: 0 };
  #status: CollectorSummary["status"] = "stopped";
  #taskTypes = new Map<string, TaskType>();
  #lastType: TaskType | undefined;
  /** The loop over deliveries, while it runs. */
  #handling: Promise<void> | undefined;
  #stopping = false;
  #stopAt = Number.POSITIVE_INFINITY;

  constructor(host: CollectorHost) {
    super();
    this.#host = host;
    this.#core = new CollectorCore(host, this.#port());
  }

  /** Handles and ACKs what has arrived, then ends. */
  stop(timeout: number): void {
    queueMicrotask(
      this.guard(() => {
        this.#stopping = true;
        this.#stopAt = this.clock.now + timeout;
        if (this.#handling === undefined) this.#core.abort();
      }),
    );
  }

  protected async open(): Promise<void> {
    const { endpoint, ackEndpoint } = this.#host;
    this.#listeners.data = await this.#listen("data", endpoint);
    this.#listeners.ack = await this.#listen("ack", ackEndpoint);
    const warning = descriptorWarning(this.#host.network);
    if (warning !== undefined) this.#log.write("warn", "few files may be open", { ...warning });
    this.#log.write("info", "collector began", {
      endpoint: endpoint.address,
      ackEndpoint: ackEndpoint.address,
    });
  }

  protected tick(now: number): void {
    this.#core.tick(now);
    if (this.clock.now >= this.#stopAt) this.#core.abort();
  }

  protected async close(): Promise<void> {
    await Promise.all([this.#listeners.data?.close(), this.#listeners.ack?.close()]);
  }

  get #summary(): CollectorSummary {
    return { status: this.#status, ...this.#counts, duplicates: this.#core.duplicates };
  }

  async #listen(link: "data" | "ack", endpoint: EndpointAddress): Promise<Listener> {
    const receive = (connection: string, message: Message) => {
      if (message.type === "inspect") this.#listeners[link]?.send(connection, NOT_HERE);
      else if (link === "ack") this.#core.ackLinkMessage(connection, message);
      // What comes after stop() is not handled: it stays with its worker, for the next collector.
      else if (!this.#stopping) this.#core.peerMessage(connection, message);
    };
    const handler: ListenerHandler = {
      onMessage: this.guard(receive),
      onDisconnected: this.guard((connection) => this.#core.disconnected(link, connection)),
      onSomeDisconnected: this.guard(() => this.#core.probe()),
      onRefused: (reason) => this.#refused.add({ endpoint: endpoint.address, reason }),
    };
    const peers = link === "data" ? (["distributor", "worker"] as const) : (["distributor"] as const);
    const options = listenOptions(this.#host.network, "collector", peers);
    return await transportFor(endpoint).listen(endpoint, handler, options);
  }

  #port(): CollectorPort {
    return {
      toPeer: (connection, message) => this.#listeners.data?.send(connection, message),
      toAckLink: (connection, message) => this.#listeners.ack?.send(connection, message),
      begin: (open) => this.#begin(open),
      work: () => this.#handle(),
      finish: (status, error) => void this.#finish(status, error),
      over: (error) => {
        this.#log.write("info", "collector ended", { ...this.#summary });
        if (error === undefined) this.resolve(this.#summary);
        else this.reject(error);
      },
      note: (event, facts) => this.#log.write("debug", event, facts),
    };
  }

  #begin(open: Open): void {
    this.#host.setMetadata(decodePayload(open.metadata));
    // The names come from the distributor that this collector serves, not from whoever sends results.
    this.#taskTypes = new Map(open.tasks.map((name) => [name, TaskType.register(name)]));
  }

  #handle(): void {
    this.#handling ??= this.#handleAll()
      .catch((error: unknown) => this.#core.abort(this.#failed(error)))
      .finally(() => {
        this.#handling = undefined;
        // Deliveries that came after the loop's last look found it still running.
        if (this.#core.queued > 0) this.#handle();
        else if (this.#stopping) this.#core.abort();
      });
  }

  /** Hands deliveries to the user one at a time; without a promise for handlers that return none. */
  async #handleAll(): Promise<void> {
    let sliceEnd = performance.now() + SLICE_MS;
    for (let delivery = this.#core.next(); delivery !== undefined; delivery = this.#core.next()) {
      const returned = this.#deliver(delivery);
      const ackData = isThenable(returned) ? await returned : returned;
      this.#core.handled(delivery, this.#encodeAckData(ackData));
      if (performance.now() < sliceEnd) continue;
      this.#core.flush();
      await new Promise(setImmediate);
      sliceEnd = performance.now() + SLICE_MS;
    }
    this.#core.flush();
  }

  #deliver(delivery: Delivery): Awaitable<Maybe<object>> {
    const { runId, task, seq, attempt, workerId: worker, payload, error, busy } = delivery;
    const taskType = this.#taskTypes.get(task) as TaskType;
    this.#lastType = taskType;
    const id = itemId(runId, task, seq);
    if (error !== undefined)
      return this.#fail({ id, data: decodePayload(payload), error, attempts: attempt }, taskType);
    let data: Payload;
    try {
      data = decodePayload(payload);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const broken = new PipelineError("BAD_MESSAGE", `The result cannot be decoded: ${error.message}`);
      return this.#fail({ id, data: {}, error: toErrorInfo(broken), attempts: attempt }, taskType);
    }
    this.#counts.collected += 1;
    const info = { id, attempt, worker, duration: busy / 1000 };
    return this.#host.handleCollection(data, taskType, MessageType.DATA, info);
  }

  #fail(failure: Failure, taskType: TaskType): Awaitable<void> {
    this.#counts.failed += 1;
    return this.#host.handleFailure(failure, taskType);
  }

  #encodeAckData(returned: Maybe<object>): Uint8Array {
    const common = this.#host.getAckData?.();
    if (common === undefined) return returned === undefined ? EMPTY : encodePayload(returned, "ackData");
    return encodePayload({ ...common, ...returned }, "ackData");
  }

  /** END: hands over what is left, then tells the user. */
  async #finish(status: RunStatus, error: Error | undefined): Promise<void> {
    try {
      if (error !== undefined || status === "aborted") return this.#core.finished(error);
      this.#status = status;
      await this.#handling;
      const taskType = this.#lastType ?? [...this.#taskTypes.values()][0];
      if (taskType !== undefined) await this.#host.handleFinished(this.#summary, taskType);
      this.#core.finished();
    } catch (thrown) {
      this.#core.abort(this.#failed(thrown));
    }
  }

  #failed(thrown: unknown): Error {
    if (thrown instanceof PayloadTypeError) return thrown;
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    const facts = { role: "collector", endpoint: this.#host.endpoint.address, cause: thrown };
    return new PipelineError("COLLECTION_FAILED", `A hook of the collector threw: ${text}`, facts);
  }
}
