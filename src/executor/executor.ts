import type { Execution, ExecutionOutcome } from "../core/execution.ts";
import type { PipelineError } from "../errors.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { RunningNote } from "./running-note.ts";

/** What an executor tells its owner. */
export interface ExecutorPort {
  /**
   * An execution ended that had not ended in `execute`.
   *
   * @param busy - Time its handler took, in ms.
   * @param more - Others that ended with it follow at once.
   */
  finished(execution: Execution, outcome: ExecutionOutcome, busy: number, more: boolean): void;
  /** What is likely to be executed next; 0 is the first. */
  upcoming(index: number): Execution | undefined;
  /**
   * Places are free.
   *
   * @param atOnce - Whether the next item may come now. Otherwise more is likely to come free in this turn of the event loop, and
   *   what is executed next travels together.
   */
  room(atOnce: boolean): void;
  /** It cannot go on. */
  failed(error: Error): void;
  note(event: string, facts: Readonly<Record<string, unknown>>): void;
}

/** Runs the user's handler on items, wherever that is. */
export interface Executor {
  /** How many items are executed at a time. */
  readonly slots: number;
  /** What runs now, for a thread that watches this one. Absent: handlers run elsewhere, and cannot block this thread. */
  readonly note?: RunningNote;

  /** Starts what takes time to start. What goes wrong is told to the port. Call once. */
  open(port: ExecutorPort): void;

  /**
   * A run begins.
   *
   * @param metadata - The run's metadata.
   * @param timeout - Longest execution in ms; 0: unlimited.
   * @param context - The run's trace context; empty: none.
   * @returns Resolves when everything is started and initialised.
   */
  begin(metadata: Payload, timeout: number, context: string): Promise<void>;

  /** Whether `execute` takes another item now. */
  hasRoom(): boolean;

  /**
   * Executes one item, when there is room. A synchronous handler's outcome comes back at once; nothing means that the port
   * will be told. Never throws: what the handler throws is the outcome.
   */
  execute(execution: Execution): ExecutionOutcome | undefined;

  /**
   * Nobody needs the result of this execution any more: its `signal` is aborted.
   *
   * @returns Whether its outcome will be reported all the same: it runs, and keeps its place until it ends.
   */
  abort(execution: Execution): boolean;

  /** @param now - The role's time in ms, for timeouts. */
  tick(now: number): void;

  /**
   * Ends everything.
   *
   * @param grace - How long handlers that run may take to end by themselves, in ms. Their signals are aborted first.
   * @returns What hooks at the end threw.
   */
  close(grace: number): Promise<readonly PipelineError[]>;
}
