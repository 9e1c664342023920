import type { ErrorInfo } from "./batch-message.ts";
import { type DetailedError, decodeErrorDetail, type ErrorPart, encodeErrorDetail } from "./error-detail.ts";
import { errorTexts } from "./error-texts.ts";
import { MAX_ERROR_TEXT } from "./limits.ts";

/** Converts a thrown value into the form that messages carry, bounded in size. Never throws. */
export function toErrorInfo(thrown: unknown): ErrorInfo {
  const detail = encodeErrorDetail(thrown);
  return { ...errorTexts(thrown, MAX_ERROR_TEXT), ...(detail === undefined ? {} : { detail }) };
}

/**
 * A value that was thrown in another thread, process or machine, as plain data: `handleFailure` and journals give it. The error's own
 * enumerable properties are kept under their names (`error.status`), unless a property below has the same name.
 */
export interface ThrownError {
  /** The error's name; the class name when it has none. */
  readonly name: string;
  /** The error's message; a description of the value when it is not an error. */
  readonly message: string;
  /** The error's stack in the worker, without frames of Node and of this library; empty when there is none. */
  readonly stack: string;
  /** The error's `code` as a string; empty when there is none. */
  readonly code: string;
  /** The error's `cause`: an error in this form, or any other value. */
  readonly cause?: unknown;
  /** The `errors` of an `AggregateError`, each in this form. */
  readonly errors?: readonly unknown[];
  readonly [property: string]: unknown;
}

/** The `ErrorInfo` behind each `ThrownError`: it still tells which causes were errors. */
const WIRE = new WeakMap<ThrownError, ErrorInfo>();

/** Converts a received error into the form that users see. */
export function toThrownError(info: ErrorInfo): ThrownError {
  const { detail, ...texts } = info;
  const error = thrownError({ ...texts, ...decodeErrorDetail(detail) });
  WIRE.set(error, info);
  return error;
}

/** Converts the form that users see back into the form that messages carry. */
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
