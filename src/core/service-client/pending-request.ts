import type { PipelineError } from "../../errors.ts";
import type { ErrorInfo } from "../../protocol/batch-message.ts";
import type { FailureOrigin } from "../../protocol/service-message.ts";
import type { Linked } from "../../structures/linked-queue.ts";

/** How a request ended. */
export type RequestOutcome =
  | { readonly ok: true; readonly payload: Uint8Array }
  | { readonly ok: false; readonly origin: FailureOrigin; readonly error: ErrorInfo }
  | { readonly ok: false; readonly origin: "client"; readonly error: PipelineError };

export interface RequestSpec {
  readonly taskType: string;
  readonly payload: Uint8Array;
  readonly idempotent: boolean;
  /** Longest wait for the reply, in ms; `Infinity`: none. */
  readonly timeoutMs: number;
  /** The trace context of the request; empty: none. */
  readonly context: string;
  /** Called once, and never before `request` has returned. */
  settle(outcome: RequestOutcome): void;
}

/** A request that has not ended. */
export interface PendingRequest extends Linked<PendingRequest> {
  readonly seq: number;
  readonly spec: RequestSpec;
  readonly deadline: number;
  payload: Uint8Array;
  attempt: number;
  /** The request was sent to a service at least once. */
  wasSent: boolean;
  /** Where the request is now. */
  place: "waiting" | "sent" | "ended";
}
