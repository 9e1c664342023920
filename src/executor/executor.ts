import type { Execution, ExecutionOutcome } from "../core/execution.ts";
import type { PipelineError } from "../errors.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { RunningNote } from "./running-note.ts";

/** What an executor tells the session that uses it. */
export interface ExecutorPort {
  /**
   * An execution ended that had not ended in `execute`.
   *
   * @param busyMs - Time that its handler took.
   * @param more - Whether further executions that ended with it follow at once.
   */
  finished(execution: Execution, outcome: ExecutionOutcome, busyMs: number, more: boolean): void;
  /** Returns an execution that is likely to be next; 0 is the first. */
  upcoming(index: number): Execution | undefined;
  /**
   * The executor has room for more items.
   *
   * @param atOnce - Whether the next item may come now. Otherwise more room is likely to follow in this turn of the event loop, and the
   *   next items should come together.
   */
  room(atOnce: boolean): void;
  /** The handler spends its time awaiting, one item at a time, while others wait. Called once at most for items. */
  waits(): void;
  /** The executor has another number of slots. Absent where that cannot happen. */
  resized?(): void;
  /** The executor cannot go on. */
  failed(error: Error): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
  /** A text for the user that must be seen. Call it once for each matter. */
  hint(text: string): void;
}

/** Runs the user's handler on items, in this thread or in others. */
export interface Executor {
  /** Most items that are executed at a time. It may change later: see `resized`. */
  readonly slots: number;
  /** Shows the watching thread what runs now. Absent when handlers run in other threads and cannot block this one. */
  readonly note?: RunningNote;

  /** Starts what takes time to start. The port is told of failures. Call it once. */
  open(port: ExecutorPort): void;

  /**
   * A run begins.
   *
   * @param metadata - The run's metadata.
   * @param timeoutMs - Longest execution; 0: unlimited.
   * @param context - The run's trace context; empty: none.
   * @returns Resolves when everything is started and initialised.
   */
  begin(metadata: Payload, timeoutMs: number, context: string): Promise<void>;

  /** Whether `execute` takes another item now. */
  hasRoom(): boolean;

  /**
   * Executes one item; call it only when there is room. A synchronous handler's outcome is returned at once; otherwise the port is told
   * later. It never throws: an error of the handler is an outcome.
   */
  execute(execution: Execution): ExecutionOutcome | undefined;

  /**
   * The result of this execution is not needed any more: its `signal` is aborted.
   *
   * @returns Whether the execution runs. Then it keeps its slot until it ends, and its outcome is reported.
   */
  abort(execution: Execution): boolean;

  /**
   * Takes up to `count` executions back that have not begun, the last ones first. They are not reported.
   *
   * @returns What was taken back; nothing where every execution begins in `execute`.
   */
  takeBack(count: number): readonly Execution[];

  /** @param now - The role's time in ms, for timeouts. */
  tick(now: number): void;

  /**
   * Ends all executions and threads.
   *
   * @param graceMs - How long handlers that run may take to end by themselves. Their signals are aborted first.
   * @returns The errors of hooks at the end.
   */
  close(graceMs: number): Promise<readonly PipelineError[]>;
}
