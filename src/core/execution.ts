import type { ErrorInfo, ItemPayload } from "../protocol/batch-message.ts";

/** An item or a request that a worker is to execute, or is executing. */
export interface Execution extends ItemPayload {
  /** Where `seq` comes from: the run of an item, or the client of a request. */
  readonly sourceId: string;
  /** The result is sent at once, and does not wait for others. */
  readonly solo: boolean;
  /** The request's trace context; empty: the run's. */
  readonly context: string;
}

/** How an execution ended. */
export type ExecutionOutcome =
  | { readonly ok: true; readonly payload: Uint8Array }
  | {
      readonly ok: false;
      readonly error: ErrorInfo;
      readonly retryable: boolean;
      /** The handler did not end: the item timed out, or the thread died. */
      readonly isGivenUp?: boolean;
    };
