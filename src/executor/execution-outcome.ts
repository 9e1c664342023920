import type { Execution, ExecutionOutcome } from "../core/execution.ts";
import { type ErrorCode, PipelineError } from "../errors.ts";
import { toErrorInfo } from "../protocol/error-info.ts";
import { itemId } from "../protocol/item-id.ts";
import { encodePayload } from "../protocol/payload/payload.ts";
import { PayloadTypeError } from "../protocol/payload/payload-check.ts";
import { isInstance, propertyOf } from "../protocol/thrown.ts";
import { ProtocolError } from "../protocol/wire/byte-reader.ts";

/** A handler returned. @throws PayloadTypeError when what it returned cannot be sent. */
export function success(result: unknown): ExecutionOutcome {
  return { ok: true, payload: encodePayload(result as object, "result") };
}

/** A handler threw. An error that another attempt cannot mend, by its kind or by its own word (`retryable: false`), is not retried. */
export function failure(error: unknown): ExecutionOutcome {
  const hopeless =
    isInstance(error, PayloadTypeError) ||
    isInstance(error, ProtocolError) ||
    propertyOf(error, "retryable") === false;
  return { ok: false, error: toErrorInfo(error), retryable: !hopeless };
}

/** A handler was given up. */
export function givenUp(
  code: ErrorCode,
  message: string,
  execution: Execution,
  taskType: string,
): ExecutionOutcome {
  const { sourceId, seq, attempt } = execution;
  const facts = { role: "worker", taskType, itemId: itemId(sourceId, taskType, seq), attempts: attempt };
  const error = toErrorInfo(new PipelineError(code, message, facts));
  return { ok: false, error, retryable: true, isGivenUp: true };
}

export function timedOut(execution: Execution, taskType: string, timeout: number): ExecutionOutcome {
  return givenUp("EXECUTION_TIMEOUT", `The handler ran longer than ${timeout} ms`, execution, taskType);
}

/** The reason of a signal aborted because the item's time is over. */
export function timeoutReason(timeout: number): DOMException {
  return new DOMException(`The item's timeout of ${timeout} ms is over`, "TimeoutError");
}

/** The reason of a signal aborted because nobody waits for the result. */
export function abortReason(): DOMException {
  return new DOMException("The result is not needed any more", "AbortError");
}
