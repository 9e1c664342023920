import type { RequestOutcome } from "../core/service-client/pending-request.ts";
import { ERROR_CODES, type ErrorCode, type ErrorFacts, PipelineError } from "../errors.ts";
import type { ErrorInfo } from "../protocol/batch-message.ts";
import { decodeErrorDetail } from "../protocol/error-detail.ts";
import { decodeValue } from "../protocol/payload/payload.ts";
import { addDetail } from "../protocol/revive-error.ts";
import { ProtocolError } from "../protocol/wire/byte-reader.ts";
import { RemoteError } from "../role/remote-error.ts";

/** The reply of a request. @throws PipelineError when it failed, or its reply cannot be decoded. */
export function replyOf(outcome: RequestOutcome, facts: ErrorFacts): unknown {
  if (!outcome.ok) {
    if (outcome.origin === "client") throw outcome.error;
    if (outcome.origin === "handler") throw new RemoteError("REQUEST_FAILED", outcome.error, facts);
    throw ownError(outcome.error, facts);
  }
  try {
    return decodeValue(outcome.payload);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new PipelineError("BAD_MESSAGE", `The reply cannot be decoded: ${error.message}`, facts);
  }
}

/** An error that the service or the worker's executor made, and not the handler: with its own properties, such as the exit code of a program. */
function ownError(info: ErrorInfo, facts: ErrorFacts): PipelineError {
  const { code, message, detail } = info;
  if (!Object.hasOwn(ERROR_CODES, code)) return new RemoteError("REQUEST_FAILED", info, facts); // a worker in another language has codes of its own
  const error = new PipelineError(code as ErrorCode, message, facts);
  addDetail(error, decodeErrorDetail(detail));
  return error;
}
