import type { Execution, ExecutionOutcome } from "../core/execution.ts";
import { type ErrorCode, PipelineError } from "../errors.ts";
import { toErrorInfo } from "../protocol/error-info.ts";
import { itemId } from "../protocol/item-id.ts";
import { encodeValue } from "../protocol/payload/payload.ts";
import { PayloadTypeError } from "../protocol/payload/payload-check.ts";
import { isInstance, propertyOf } from "../protocol/thrown.ts";
import { ProtocolError } from "../protocol/wire/byte-reader.ts";

/** The outcome of a handler that returned. @throws PayloadTypeError when the result cannot be sent. */
export function success(result: unknown): ExecutionOutcome {
  return { ok: true, payload: encodeValue(result, "result") };
}

/** The outcome of a handler that threw. It is not retryable if the error has `retryable: false`, or is of a kind that would happen again. */
export function failure(error: unknown): ExecutionOutcome {
  const isLasting =
    isInstance(error, PayloadTypeError) ||
    isInstance(error, ProtocolError) ||
    propertyOf(error, "retryable") === false;
  return { ok: false, error: toErrorInfo(error), retryable: !isLasting };
}

/** The outcome of a handler that is not waited for any more. @param members - Further properties of the error. */
export function givenUp(
  code: ErrorCode,
  message: string,
  execution: Execution,
  taskType: string,
  members: object = {},
): ExecutionOutcome {
  const { sourceId, seq, attempt } = execution;
  const facts = { role: "worker", taskType, itemId: itemId(sourceId, taskType, seq), attempts: attempt };
  const error = toErrorInfo(Object.assign(new PipelineError(code, message, facts), members));
  return { ok: false, error, retryable: true, isGivenUp: true };
}

/** The outcome of a handler that is not waited for any more because its timeout is over. */
export function timedOut(execution: Execution, taskType: string, timeoutMs: number): ExecutionOutcome {
  return givenUp("EXECUTION_TIMEOUT", `The handler ran longer than ${timeoutMs} ms`, execution, taskType);
}

/** The reason of a signal that is aborted because the item's timeout is over. */
export function timeoutReason(timeoutMs: number): DOMException {
  return new DOMException(`The item's timeout of ${timeoutMs} ms is over`, "TimeoutError");
}

/** The reason of a signal that is aborted because the result is not needed. */
export function abortReason(): DOMException {
  return new DOMException("The result is not needed any more", "AbortError");
}
