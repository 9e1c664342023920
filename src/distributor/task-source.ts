import { setTimeout as sleep } from "node:timers/promises";
import type { ItemSource } from "../core/distributor/task-spec.ts";
import type { TaskReplay } from "../journal/journal-state.ts";
import { RoleLog } from "../logging/logger.ts";
import { MessageType } from "../protocol/message-type.ts";
import { encodeValue, type Payload } from "../protocol/payload/payload.ts";
import { describeThrown } from "../protocol/thrown.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";
import { TurnTime } from "../structures/turn-time.ts";
import { encodeItem } from "./encode-item.ts";
import { ItemGate } from "./item-gate.ts";
import { ItemIterator, openItems, type Step } from "./item-iterator.ts";
import { LatestAck } from "./latest-ack.ts";
import { replay } from "./source-replay.ts";
import type { RegisteredTask } from "./task.ts";
import { taskError } from "./task-error.ts";

export interface TaskSourcePort {
  /** Items may be there now. */
  ready(): void;
  /** The task failed and gives no more items. */
  failed(error: Error): void;
}

/** What a journal knows of a task's source. */
type KnownItems = Pick<TaskReplay, "position" | "isOver" | "trail" | "keys">;

/** How long an iterable may take to close, in ms. */
const CLOSE_MS = 1000;

/** How long items are produced, or known ones left out, before the event loop gets a turn, in ms. */
const SLICE_MS = 20;

/**
 * Pulls the items of a user's task. Items that the task produces synchronously are passed on at once. Items that it produces
 * asynchronously are fetched, as many as are wanted, and passed on once in each turn of the event loop.
 */
export class TaskSource implements ItemSource {
  readonly #task: RegisteredTask;
  readonly #port: TaskSourcePort;
  readonly #name: string;
  readonly #log: RoleLog;
  readonly #gate: ItemGate;
  #iterator: ItemIterator | undefined;
  #closing: Promise<void> | undefined;
  /** The latest ACK of the task. */
  readonly lastAck = new LatestAck();
  /** The latest ACK of any task. */
  readonly #latestAck: LatestAck;
  #metadata: Payload = {};
  #state: "idle" | "fetching" | "ended" | "failed" = "idle";
  #wanted = 0;
  /** Items taken since this process started, known ones included: the place of the next item. */
  #taken = 0;
  #noticed = false;
  readonly #time = new TurnTime(SLICE_MS);

  constructor(task: RegisteredTask, latestAck: LatestAck, port: TaskSourcePort) {
    this.#task = task;
    this.#latestAck = latestAck;
    this.#port = port;
    this.#name = task.taskType.name;
    this.#log = new RoleLog("task", { taskType: this.#name });
    this.#gate = new ItemGate(task);
  }

  /** See `ItemSource`. */
  get key(): Uint8Array | undefined {
    return this.#gate.key;
  }

  /** See `ItemSource`. */
  get skipped(): number | undefined {
    return this.#gate.skipped;
  }

  /** Whether items are being fetched, or the distributor is about to be told of some. */
  get isBusy(): boolean {
    return this.#state === "fetching" || this.#noticed;
  }

  async initialize(metadata: Payload): Promise<void> {
    this.#metadata = metadata;
    try {
      await this.#task.initialize(metadata);
    } catch (error) {
      throw this.#error("initialize", error);
    }
  }

  /**
   * Goes on where the run was before a restart: with the task's own `resume()`, or else by producing the earlier items again and
   * dropping them. A task whose items have keys begins anew, and leaves out known keys.
   *
   * @throws PipelineError `JOURNAL_MISMATCH` when the task does not produce the same items.
   */
  async goOn({ position, isOver, trail, keys }: KnownItems): Promise<void> {
    this.#gate.know(keys);
    if (isOver) {
      this.#task.isComplete = true;
      this.#state = "ended";
      return;
    }
    if (position === 0 || this.#gate.isKeyed) return;
    if (this.#task.resume === undefined)
      return await replay(this.#name, position, trail, {
        isLive: () => this.#isLive,
        next: () => this.#again(),
      });
    try {
      await this.#task.resume({ items: position });
    } catch (error) {
      throw this.#error("resume", error);
    }
  }

  /**
   * Takes the iterator of `items()` and its first step before a worker asks for an item, because some inputs cannot wait. Nothing
   * more is pulled, and nothing at all while the task's gate is closed. A step that fails ends the run at once.
   */
  begin(): void {
    const task = this.#task;
    if (task.items === undefined || this.#state !== "idle" || task.isComplete) return;
    try {
      this.#iterator ??= iterate(task);
      if (this.#isGateOpen) this.#iterator.begin((error) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  }

  pull(worker: string, wanted: number): Uint8Array | "wait" | "done" {
    const before = this.#gate.size;
    const ready = this.#gate.shift();
    const leftOut = before - this.#gate.size - (ready === undefined ? 0 : 1);
    if (leftOut > 0) this.#iterator?.hooks.leftOut?.(leftOut);
    if (ready !== undefined) return ready;
    this.#wanted = wanted;
    if (this.#state === "ended") return "done";
    if (this.#state !== "idle") return "wait";
    try {
      return this.#pullNow(worker);
    } catch (error) {
      this.#fail(error);
      return "wait";
    }
  }

  #pullNow(worker: string): Uint8Array | "wait" | "done" {
    while (!this.#time.isOver) {
      const step = this.#step(worker);
      if (step === "wait") return "wait";
      if (isPromiseLike(step)) {
        void this.#fetch(step, worker);
        return "wait";
      }
      const payload = this.#take(step);
      if (payload === undefined) return "done";
      if (payload !== "skipped") {
        if (this.#gate.letsOut()) return payload;
        this.#iterator?.hooks.leftOut?.(1);
      }
    }
    this.#notice();
    return "wait";
  }

  /** Lets an unfinished iterable release its resources. Waits for {@link CLOSE_MS} at most, because the iterable may be stuck. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#state !== "ended") this.#state = "failed";
    if (this.#iterator === undefined) return;
    const timeout = new AbortController();
    await Promise.race([
      this.#iterator.close(),
      sleep(CLOSE_MS, undefined, { signal: timeout.signal }),
    ]).catch((error: unknown) => {
      this.#log.write("warn", "items() threw while it was closed", { error: describeThrown(error) });
    });
    timeout.abort();
  }

  /** The next step, a promise of it, or "wait" while the task's gate is closed. */
  #step(worker: string): Step | PromiseLike<Step> | "wait" {
    const task = this.#task;
    if (task.isComplete) return { done: true };
    if (!this.#isGateOpen) return "wait";
    return this.#produce(worker);
  }

  get #isGateOpen(): boolean {
    return this.#task.isAvailableForHandling(this.lastAck.data, this.#latestAck.data);
  }

  #produce(worker: string): Step | PromiseLike<Step> {
    const task = this.#task;
    if (task.handle !== undefined) {
      const value = task.handle(this.#metadata, worker, MessageType.RDY, this.lastAck.data);
      if (isPromiseLike(value)) return Promise.resolve(value).then((item) => ({ done: false, value: item }));
      return { done: false, value };
    }
    this.#iterator ??= iterate(task);
    return this.#iterator.next();
  }

  /** The next of the earlier items, produced again; undefined at the end. */
  #again(): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    try {
      const step = this.#task.isComplete ? ({ done: true } as const) : this.#produce("");
      if (!isPromiseLike(step)) return payloadOf(step);
      return Promise.resolve(step)
        .then(payloadOf)
        .catch((error: unknown) => this.#throw(error));
    } catch (error) {
      return this.#throw(error);
    }
  }

  /** The payload of a step; undefined at the end. */
  #take(step: Step): Uint8Array | "skipped" | undefined {
    if (step.done) {
      this.#task.isComplete = true;
      this.#end();
      return undefined;
    }
    const payload = this.#gate.knows(step.value) ? "skipped" : encodeItem(step.value, this.#taken);
    this.#taken += 1;
    if (payload !== "skipped") this.#iterator?.hooks.encoded?.(payload.length);
    if (this.#task.isComplete) this.#end();
    return payload;
  }

  #end(): void {
    this.#state = "ended";
    this.#log.write("info", "all items produced", { items: this.#taken });
  }

  async #fetch(first: PromiseLike<Step>, worker: string): Promise<void> {
    this.#state = "fetching";
    try {
      let next: Step | PromiseLike<Step> | "wait" = first;
      while (next !== "wait") {
        const payload = this.#take(await next);
        // close() or fail() may have come in between.
        if (payload !== undefined && payload !== "skipped" && this.#isLive) this.#gate.push(payload);
        if (this.#state !== "fetching") break;
        if (payload !== "skipped") this.#notice();
        else if (this.#time.isOver) await new Promise(setImmediate);
        if (this.#gate.isFull(this.#wanted)) break;
        next = this.#step(worker);
      }
      if (this.#state === "fetching") this.#state = "idle";
      this.#notice();
    } catch (error) {
      this.#fail(error);
    }
  }

  get #isLive(): boolean {
    return this.#state !== "failed";
  }

  /** Reports new items once in each turn of the event loop, so that the items of a fast source are granted together. */
  #notice(): void {
    if (this.#noticed) return;
    this.#noticed = true;
    setImmediate(() => {
      this.#noticed = false;
      if (this.#isLive) this.#port.ready();
    });
  }

  #fail(thrown: unknown): void {
    if (this.#state === "failed") return;
    this.#state = "failed";
    const error = this.#error(this.#task.handle === undefined ? "items" : "handle", thrown);
    // In a microtask: the core may pull a source in the middle of its work.
    queueMicrotask(() => this.#port.failed(error));
  }

  #throw(thrown: unknown): never {
    throw this.#error(this.#task.handle === undefined ? "items" : "handle", thrown);
  }

  #error(hook: string, thrown: unknown): Error {
    return taskError(this.#name, hook, thrown);
  }
}

function iterate(task: RegisteredTask): ItemIterator {
  return task[openItems]() ?? new ItemIterator(task.items?.());
}

function payloadOf(step: Step): Uint8Array | undefined {
  return step.done ? undefined : encodeValue(step.value, "item");
}
