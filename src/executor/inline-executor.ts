import type { Execution, ExecutionOutcome } from "../core/execution.ts";
import { decodePayload, type Payload } from "../protocol/payload/payload.ts";
import type { TaskType } from "../protocol/task-type.ts";
import { watchActivity } from "../self/nesting.ts";
import { isPromiseLike } from "../structures/is-promise-like.ts";
import type { SpanSpec } from "../tracing/tracer.ts";
import { DecodeAhead } from "./decode-ahead.ts";
import { ExecutionInfo } from "./execution-info.ts";
import { abortReason, failure, success, timedOut, timeoutReason } from "./execution-outcome.ts";
import { ExecutionTimer } from "./execution-timer.ts";
import type { Executor, ExecutorPort } from "./executor.ts";
import type { Handler } from "./handler.ts";
import { RunningNote } from "./running-note.ts";
import { settlesWithin } from "./settles-within.ts";
import { tracedHandler } from "./traced-handler.ts";

/** An execution that waits for a promise. */
interface Pending {
  readonly info: ExecutionInfo;
  readonly timer: ExecutionTimer;
  readonly startedAt: number;
  /** Nobody wants its outcome any more. */
  isAbandoned: boolean;
  /** Since when, as far as a tick has seen it. */
  abandonedAt: number | undefined;
  /** Where the note has it. */
  readonly slot: number;
}

/** How long a handler whose outcome nobody wants keeps its place, in ms. A promise that never settles must not keep it for ever. */
const ABANDONED_GRACE_MS = 5000;

function abandoned(): Error {
  return new Error(`The handler did not end within ${ABANDONED_GRACE_MS} ms of its signal's abort`);
}

/** Runs the handler on the event loop of this thread. */
export class InlineExecutor implements Executor {
  readonly slots: number;
  readonly note: RunningNote;
  readonly #handler: Handler;
  readonly #spans: SpanSpec["kind"] | undefined;
  /** The handler, with what belongs to the run around it. */
  #run: Handler;
  readonly #taskType: TaskType;
  readonly #pending = new Map<Execution, Pending>();
  readonly #payloads = new DecodeAhead<Execution>(decodePayload, (index) => this.#port?.upcoming(index));
  #port: ExecutorPort | undefined;
  #timeout = 0;
  #idle: (() => void) | undefined;
  #isCalling = false;
  #forget: (() => void) | undefined;

  /**
   * @param slots - How many promises of an async handler may be pending.
   * @param spans - What its executions are to whoever traces; nothing: they are no work of their own.
   */
  constructor(handler: Handler, taskType: TaskType, slots: number, spans?: SpanSpec["kind"]) {
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

  async begin(_metadata: Payload, timeout: number, context: string): Promise<void> {
    this.#timeout = timeout;
    this.#run = tracedHandler(this.#handler, this.#spans, context);
  }

  hasRoom(): boolean {
    return this.#pending.size < this.slots;
  }

  execute(execution: Execution): ExecutionOutcome | undefined {
    const info = new ExecutionInfo(execution, this.#taskType);
    this.note.begin(execution.seq, execution.attempt);
    try {
      const payload = this.#payloads.take(execution);
      this.#isCalling = true;
      const result = this.#run(payload, info);
      if (!isPromiseLike(result)) return success(result);
      const pending: Pending = {
        info,
        timer: new ExecutionTimer(),
        startedAt: performance.now(),
        isAbandoned: false,
        abandonedAt: undefined,
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
    if (pending !== undefined) pending.isAbandoned = true;
    return pending !== undefined;
  }

  tick(now: number): void {
    for (const [execution, pending] of this.#pending) {
      const { info, timer } = pending;
      if (pending.isAbandoned) {
        pending.abandonedAt ??= now;
        if (now - pending.abandonedAt >= ABANDONED_GRACE_MS) this.#finish(execution, failure(abandoned()));
        continue;
      }
      if (this.#timeout === 0) continue;
      const due = timer.check(now, this.#timeout);
      if (due === "abort") info.abort(timeoutReason(this.#timeout));
      // It cannot be stopped; its place is given to another.
      else if (due === "give up") this.#finish(execution, this.#timedOut(execution));
    }
  }

  async close(grace: number): Promise<readonly []> {
    this.#forget?.();
    if (this.#pending.size === 0) return [];
    for (const execution of this.#pending.keys()) this.abort(execution);
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    await settlesWithin(idle, grace);
    return [];
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
    if (pending === undefined) return; // it was given up
    this.#pending.delete(execution);
    this.note.settled(pending.slot);
    this.#port?.finished(execution, outcome, performance.now() - pending.startedAt, false);
    this.#port?.room(true);
    if (this.#pending.size === 0) this.#idle?.();
  }

  #timedOut(execution: Execution): ExecutionOutcome {
    return timedOut(execution, this.#taskType.name, this.#timeout);
  }
}
