import type { CollectorCore } from "../core/collector/collector-core.ts";
import type { Delivery } from "../core/collector/inbox.ts";
import { PipelineError } from "../errors.ts";
import type { Open } from "../protocol/batch-message.ts";
import { toErrorInfo, toThrownError } from "../protocol/error-info.ts";
import { generationOf } from "../protocol/generation.ts";
import { itemId } from "../protocol/item-id.ts";
import { MessageType } from "../protocol/message-type.ts";
import { decodeValue, encodePayload } from "../protocol/payload/payload.ts";
import { isPlain } from "../protocol/payload/payload-check.ts";
import { TaskType } from "../protocol/task-type.ts";
import { ProtocolError } from "../protocol/wire/byte-reader.ts";
import { EMPTY } from "../protocol/wire/payload-frames.ts";
import type { Awaitable, Maybe } from "../role/awaitable.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";
import { currentTracer } from "../tracing/tracer.ts";
import type { CollectedResult } from "./collected-result.ts";
import type { DeliveryHandlers, ResultBatches } from "./delivery-handlers.ts";
import type { Failure } from "./failure.ts";

/** How long deliveries are handled before ACKs go out and the event loop runs, in ms. */
const SLICE_MS = 10;

/** Most encoded bytes in a batch: all its results are in memory at once, decoded and as what the handler makes of them. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** What the loop needs of the core. */
export type DeliveryQueue = Pick<CollectorCore, "next" | "handled" | "handledAndKnown" | "flush" | "idle">;

/** Calls the user's handlers with the deliveries that the core has received, one call at a time, and reports to the core what was handled. */
export class DeliveryLoop {
  readonly counts = { collected: 0, failed: 0 };
  /** The user's hook that was called last, and the items that it got. Names what has thrown; kept as it is, because a text for each item would cost time. */
  readonly #called: { hook: string; first: Delivery | undefined; count: number } = {
    hook: "",
    first: undefined,
    count: 0,
  };
  readonly #handlers: DeliveryHandlers;
  readonly #core: DeliveryQueue;
  readonly #failed: (error: unknown) => void;
  #taskTypes = new Map<string, TaskType>();
  #lastType: TaskType | undefined;
  /** The run's trace context. */
  #context = "";

  /** @param failed - Gets the error of a delivery that was to be handled later. */
  constructor(handlers: DeliveryHandlers, core: DeliveryQueue, failed: (error: unknown) => void) {
    this.#handlers = handlers;
    this.#core = core;
    this.#failed = failed;
  }

  /** The task type of the last item; the type of the run's first task if there was no item. */
  get lastType(): TaskType | undefined {
    return this.#lastType ?? [...this.#taskTypes.values()][0];
  }

  /** The hook that was called last, and its items, in words. */
  get lastCall(): string {
    const { hook, first, count } = this.#called;
    if (first === undefined) return "A hook of the collector";
    const id = itemId(first.runId, first.task, first.seq);
    return `${hook}() of the collector, with ${count === 1 ? `item ${id}` : `${count} items from ${id} on`},`;
  }

  /** A run begins. Task types come from the distributor's `open`, because a worker could name any type. */
  begin({ tasks, context }: Open): void {
    this.#context = context;
    this.#taskTypes = new Map(tasks.map((name) => [name, TaskType.register(name)]));
  }

  /** Handles all deliveries that wait. Spans that handlers make belong to the run's trace. */
  run(): Promise<void> {
    return currentTracer()?.within(this.#context, () => this.#handle()) ?? this.#handle();
  }

  /** Awaits only handlers that return a promise: an `await` for each item would be slow. */
  async #handle(): Promise<void> {
    const { batches, later } = this.#handlers;
    let sliceEnd = performance.now() + SLICE_MS;
    for (let delivery = this.#core.next(); delivery !== undefined; delivery = this.#core.next()) {
      const returned = batches === undefined ? this.#one(delivery) : this.#several(delivery, batches);
      if (isPromiseLike(returned)) await returned;
      if (performance.now() < sliceEnd) continue;
      this.#core.flush();
      await new Promise(setImmediate);
      sliceEnd = performance.now() + SLICE_MS;
    }
    const underWay = later?.underWay();
    if (underWay !== undefined) {
      await underWay;
      return this.#handle(); // more may have arrived meanwhile
    }
    this.#core.idle();
  }

  #one(delivery: Delivery): Awaitable<void> {
    const { encoded, later } = this.#handlers;
    if (encoded !== undefined && delivery.error === undefined) {
      this.counts.collected += 1;
      const collected = encoded(delivery);
      if (collected === undefined) return this.#handled(delivery, undefined);
      void collected.then(() => {
        this.#handled(delivery, undefined);
        this.#core.flush();
      });
      return undefined;
    }
    const read = this.#read(delivery);
    if ("error" in read) return this.#fail(delivery, read);
    this.counts.collected += 1;
    this.#calls("handleCollection", delivery);
    if (later !== undefined) {
      later.take(read, delivery).then(() => this.#core.handledAndKnown(delivery), this.#failed);
      return undefined;
    }
    // `read` is passed as the info, too: that saves one object for each item.
    return this.#handled(
      delivery,
      this.#handlers.handleCollection(read.data, read.taskType, MessageType.DATA, read),
    );
  }

  async #several(first: Delivery, { size, handle }: ResultBatches): Promise<void> {
    const deliveries: Delivery[] = [];
    const results: CollectedResult<unknown>[] = [];
    let bytes = 0;
    let failure: { readonly delivery: Delivery; readonly read: Failure<unknown> } | undefined;
    let sliceEnd = performance.now() + SLICE_MS;
    for (let delivery: Delivery | undefined = first; delivery !== undefined; ) {
      const read = this.#read(delivery);
      if ("error" in read) {
        failure = { delivery, read };
        break;
      }
      deliveries.push(delivery);
      results.push(read);
      bytes += delivery.payload.length;
      if (performance.now() >= sliceEnd) {
        await new Promise(setImmediate); // decoding takes long
        sliceEnd = performance.now() + SLICE_MS;
      }
      delivery = results.length < size && bytes < BATCH_BYTES ? this.#core.next() : undefined;
    }
    if (results.length > 0) {
      this.counts.collected += results.length;
      this.#calls("handleBatch", deliveries[0] as Delivery, results.length);
      const ackData = this.#encodeAckData(await handle(results));
      for (const delivery of deliveries) this.#core.handled(delivery, ackData);
      this.#core.flush(); // handling a batch takes long enough for its ACKs to be worth a message
    }
    if (failure !== undefined) await this.#fail(failure.delivery, failure.read);
  }

  /** @returns A result; or a failure, also when the result cannot be decoded. */
  #read({
    runId,
    task,
    seq,
    attempt,
    workerId,
    payload,
    error,
    busyMs,
    busyItems,
  }: Delivery): CollectedResult<unknown> | Failure<unknown> {
    const taskType = this.#taskTypes.get(task) as TaskType;
    this.#lastType = taskType;
    const id = itemId(runId, task, seq);
    const generation = generationOf(seq);
    const attempts = attempt;
    if (error !== undefined)
      return { id, taskType, data: decodeValue(payload), error: toThrownError(error), attempts, generation };
    try {
      return {
        id,
        attempt,
        generation,
        worker: workerId,
        duration: busyMs,
        durationItems: busyItems,
        data: decodeValue(payload),
        taskType,
        msgtype: MessageType.DATA,
      };
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const broken = new PipelineError("BAD_MESSAGE", `The result cannot be decoded: ${error.message}`);
      return { id, taskType, data: {}, error: toThrownError(toErrorInfo(broken)), attempts, generation };
    }
  }

  #fail(delivery: Delivery, failure: Failure<unknown>): Awaitable<void> {
    this.counts.failed += 1;
    this.#calls("handleFailure", delivery);
    const taskType = this.#taskTypes.get(delivery.task) as TaskType;
    const { handleFailure, encoded, later } = this.#handlers;
    const handled = this.#handled(delivery, handleFailure.call(this.#handlers, failure, taskType));
    if (encoded === undefined && later === undefined) return handled;
    // A failure that waits for earlier results must not hold them up.
    if (isPromiseLike(handled)) handled.then(() => this.#core.flush(), this.#failed);
    return undefined;
  }

  #calls(hook: string, first: Delivery, count = 1): void {
    this.#called.hook = hook;
    this.#called.first = first;
    this.#called.count = count;
  }

  #handled(delivery: Delivery, returned: Awaitable<Maybe<object>> | Awaitable<void>): Awaitable<void> {
    // Wraps the thenable in a promise, because a thenable may call back twice, or return nothing.
    if (isPromiseLike(returned))
      return Promise.resolve(returned).then((ackData) => this.#handled(delivery, ackData));
    this.#core.handled(delivery, this.#encodeAckData(returned ?? undefined));
  }

  #encodeAckData(returned: Maybe<object>): Uint8Array {
    const { getAckData } = this.#handlers;
    if (getAckData !== undefined) this.#called.hook = "getAckData";
    const common = getAckData?.call(this.#handlers);
    if (common === undefined || common === null)
      return returned === undefined ? EMPTY : encodePayload(returned, "ackData");
    // What cannot be merged is encoded as it is: that refuses it by name.
    if (typeof common !== "object" || !isPlain(common)) return encodePayload(common, "getAckData()");
    if (returned !== undefined && (typeof returned !== "object" || !isPlain(returned)))
      return encodePayload(returned, "ackData");
    return encodePayload({ ...common, ...returned }, "ackData");
  }
}
