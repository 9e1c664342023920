import type { Execution, ExecutionOutcome } from "../core/execution.ts";
import { decodeValue, type Payload } from "../protocol/payload/payload.ts";
import type { TaskType } from "../protocol/task-type.ts";
import { watchActivity } from "../self/nesting.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";
import type { SpanSpec } from "../tracing/tracer.ts";
import { DecodeAhead } from "./decode-ahead.ts";
import { ExecutionInfo } from "./execution-info.ts";
import { abortReason, failure, success, timedOut, timeoutReason } from "./execution-outcome.ts";
import { inScope } from "./execution-scope.ts";
import { ExecutionTimer } from "./execution-timer.ts";
import type { Executor, ExecutorPort } from "./executor.ts";
import type { Handler } from "./handler.ts";
import { RunningNote } from "./running-note.ts";
import { settlesWithin } from "./settles-within.ts";
import { tracedHandler } from "./traced-handler.ts";
import { WaitGauge } from "./wait-gauge.ts";

/** An execution whose handler returned a promise that is pending. */
interface Pending {
  readonly info: ExecutionInfo;
  readonly timer: ExecutionTimer;
  readonly startedAt: number;
  /** Its slot in the running note. */
  readonly slot: number;
}

interface Ended {
  readonly execution: Execution;
  readonly outcome: ExecutionOutcome;
  readonly busyMs: number;
}

/** A worker fetches items that take longer, in ms, one by one: none of them waits beside it. */
const LONG_MS = 150;

/** The same for the requests of a pool, which knows itself whether others wait. */
const LONG_REQUEST_MS = 5;

/** Runs the handler on the event loop of this thread. */
export class InlineExecutor implements Executor {
  readonly slots: number;
  readonly note: RunningNote;
  readonly #handler: Handler;
  readonly #spans: SpanSpec["kind"] | undefined;
  /** The handler with the spans of the current run. */
  #run: Handler;
  readonly #taskType: TaskType;
  #gauge: WaitGauge | undefined;
  readonly #pending = new Map<Execution, Pending>();
  /** What has ended in this turn of the event loop. It is reported together: messages of one result each would cost many times as much. */
  #ended: Ended[] = [];
  readonly #payloads = new DecodeAhead<Execution>(decodeValue, (index) => this.#port?.upcoming(index));
  #port: ExecutorPort | undefined;
  #timeoutMs = 0;
  #idle: (() => void) | undefined;
  #isCalling = false;
  #forget: (() => void) | undefined;

  /**
   * @param slots - Most promises of an async handler that may be pending.
   * @param spans - The kind of span that a tracer gets for each execution; nothing: no spans.
   * @param isAdvised - Whether the port is told when a handler only awaits and has one slot: once, or again and again for requests, of which
   *   others may not have waited the first time.
   */
  constructor(
    handler: Handler,
    taskType: TaskType,
    slots: number,
    spans?: SpanSpec["kind"],
    isAdvised = false,
  ) {
    this.#gauge = isAdvised && slots === 1 ? new WaitGauge() : undefined;
    this.#spans = spans;
    this.#handler = handler;
    this.#run = handler;
    this.#taskType = taskType;
    this.slots = slots;
    this.note = new RunningNote(slots);
  }

  open(port: ExecutorPort): void {
    this.#port = port;
    this.#forget = watchActivity(() => this.#isCalling || this.#pending.size > 0);
  }

  async begin(_metadata: Payload, timeoutMs: number, context: string): Promise<void> {
    this.#timeoutMs = timeoutMs;
    this.#run = tracedHandler(this.#handler, this.#spans, context);
  }

  hasRoom(): boolean {
    return this.#pending.size + this.#ended.length < this.slots;
  }

  execute(execution: Execution): ExecutionOutcome | undefined {
    const info = new ExecutionInfo(execution, this.#taskType);
    this.note.begin(execution.seq, execution.attempt);
    try {
      const payload = this.#payloads.take(execution);
      this.#isCalling = true;
      const result = this.#call(payload, info, execution);
      if (!isPromiseLike(result)) return success(result);
      const pending: Pending = {
        info,
        timer: new ExecutionTimer(),
        startedAt: performance.now(),
        slot: this.note.pending(),
      };
      this.#pending.set(execution, pending);
      void this.#settle(execution, pending, result);
    } catch (error) {
      return failure(error);
    } finally {
      this.#isCalling = false;
      this.note.end();
    }
    return undefined;
  }

  abort(execution: Execution): boolean {
    const pending = this.#pending.get(execution);
    pending?.info.abort(abortReason());
    pending?.timer.abandon();
    return pending !== undefined;
  }

  takeBack(): readonly [] {
    return [];
  }

  tick(now: number): void {
    for (const [execution, { info, timer }] of this.#pending) {
      const due = timer.check(now, this.#timeoutMs);
      if (due === "abort") info.abort(timeoutReason(this.#timeoutMs));
      if (due !== "give up") continue;
      // A handler in this thread cannot be stopped; another item gets its slot.
      this.#finish(execution, timer.isAbandoned ? failure(abortReason()) : this.#timedOut(execution));
    }
  }

  async close(graceMs: number): Promise<readonly []> {
    this.#forget?.();
    if (this.#pending.size === 0) return [];
    for (const execution of this.#pending.keys()) this.abort(execution);
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    await settlesWithin(idle, graceMs);
    return [];
  }

  /** Where several promises may be pending, the scope tells the watching thread which of them blocks this thread. */
  #call(payload: unknown, info: ExecutionInfo, { seq, attempt }: Execution): unknown {
    if (this.slots === 1) return this.#run(payload, info);
    return inScope({ note: this.note.number, seq, attempt }, () => this.#run(payload, info));
  }

  async #settle(execution: Execution, pending: Pending, result: PromiseLike<unknown>): Promise<void> {
    let outcome: ExecutionOutcome;
    try {
      outcome = success(await result);
    } catch (error) {
      outcome = pending.timer.expired ? this.#timedOut(execution) : failure(error);
    }
    this.#finish(execution, outcome);
  }

  #finish(execution: Execution, outcome: ExecutionOutcome): void {
    const pending = this.#pending.get(execution);
    if (pending === undefined) return; // it has ended before: after its timeout, or as abandoned
    this.#pending.delete(execution);
    this.note.settled(pending.slot);
    const now = performance.now();
    const busyMs = now - pending.startedAt;
    if (this.#gauge !== undefined) this.#measure(this.#gauge, now, busyMs);
    this.#ended.push({ execution, outcome, busyMs });
    if (this.#pending.size === 0) this.#report();
    else if (this.#ended.length === 1) setImmediate(() => this.#report());
  }

  #report(): void {
    const ended = this.#ended;
    if (ended.length === 0) return; // the last one that was pending has ended before this turn
    this.#ended = [];
    for (const [index, { execution, outcome, busyMs }] of ended.entries())
      this.#port?.finished(execution, outcome, busyMs, index < ended.length - 1);
    this.#port?.room(true);
    if (this.#pending.size === 0) this.#idle?.();
  }

  #measure(gauge: WaitGauge, now: number, busyMs: number): void {
    const isReply = this.#spans === "reply";
    const isWaiting =
      busyMs >= (isReply ? LONG_REQUEST_MS : LONG_MS) || this.#port?.upcoming(0) !== undefined;
    if (!gauge.ended(now, busyMs, isWaiting)) return;
    if (!isReply) this.#gauge = undefined;
    this.#port?.waits();
  }

  #timedOut(execution: Execution): ExecutionOutcome {
    return timedOut(execution, this.#taskType.name, this.#timeoutMs);
  }
}
