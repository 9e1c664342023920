import type { ErrorInfo } from "./batch-message.ts";
import { type DetailedError, decodeErrorDetail, type ErrorPart, encodeErrorDetail } from "./error-detail.ts";
import { errorTexts } from "./error-texts.ts";
import { MAX_ERROR_TEXT } from "./limits.ts";

/** Anything that was thrown, as it crosses the wire, bounded in size. Never throws. */
export function toErrorInfo(thrown: unknown): ErrorInfo {
  const detail = encodeErrorDetail(thrown);
  return { ...errorTexts(thrown, MAX_ERROR_TEXT), ...(detail === undefined ? {} : { detail }) };
}

/**
 * What was thrown in another thread, process or machine, as plain data: what `handleFailure` and a journal tell. Its own enumerable
 * properties are beside these, so a `status` is `error.status`, where they have none of these names.
 */
export interface ThrownError {
  /** The error's name; of an object without one, that of its class. */
  readonly name: string;
  /** Its message, or, of what is no error, the value in words. */
  readonly message: string;
  /** Its stack, in the worker; empty where there is none. */
  readonly stack: string;
  /** Its `code` as a text; empty where there is none. */
  readonly code: string;
  /** Why it was thrown: an error like this one, or whatever else its `cause` was. */
  readonly cause?: unknown;
  /** What an `AggregateError` consists of: errors like this one. */
  readonly errors?: readonly unknown[];
  readonly [property: string]: unknown;
}

/** What they were made of: an error made of one knows which of its causes were errors. */
const WIRE = new WeakMap<ThrownError, ErrorInfo>();

/** An error that crossed the wire, as users see it. */
export function toThrownError(info: ErrorInfo): ThrownError {
  const { detail, ...texts } = info;
  const error = thrownError({ ...texts, ...decodeErrorDetail(detail) });
  WIRE.set(error, info);
  return error;
}

/** The other way round. */
export function fromThrownError(error: ThrownError): ErrorInfo {
  const { name, message, stack, code } = error;
  return WIRE.get(error) ?? { name, message, stack, code };
}

function thrownError({ properties, cause, errors, ...texts }: DetailedError): ThrownError {
  return {
    ...properties,
    ...texts,
    ...(cause === undefined ? {} : { cause: thrownPart(cause) }),
    ...(errors === undefined ? {} : { errors: errors.map(thrownPart) }),
  };
}

function thrownPart(part: ErrorPart): unknown {
  return "error" in part ? thrownError(part.error) : part.value;
}
