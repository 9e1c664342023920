import type { ErrorInfo, ItemPayload } from "../protocol/message.ts";

/** An item that the worker is to execute, or is executing. */
export interface Execution extends ItemPayload {
  readonly runId: string;
  /** Its result is flushed at once. */
  readonly solo: boolean;
  /** The trace context that it came with; empty: the run's. */
  readonly context: string;
}

/** How an execution ended. */
export type ExecutionOutcome =
  | { readonly ok: true; readonly payload: Uint8Array }
  | {
      readonly ok: false;
      readonly error: ErrorInfo;
      readonly retryable: boolean;
      /** The handler did not end: it was timed out, or its thread died. */
      readonly isGivenUp?: boolean;
    };
