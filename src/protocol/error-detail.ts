import { errorTexts } from "./error-texts.ts";
import { MAX_ERROR_DETAIL_BYTES } from "./limits.ts";
import { decodePayload, encodePayload, type Payload } from "./payload/payload.ts";
import { PlainCopy } from "./plain-copy.ts";
import { isError, propertyOf } from "./thrown.ts";

/** Longest message and stack of a cause, in UTF-16 units. */
const MAX_CAUSE_TEXT = 4096;

/** Longest chain of causes, and most entries of an error's `errors`. */
const MAX_CAUSES = 8;
const MAX_ERRORS = 32;

/** The parts of an error other than its four texts. */
export interface ErrorDetail {
  /** Why it was thrown. */
  readonly cause?: ErrorPart;
  /** The `errors` of an AggregateError. */
  readonly errors?: readonly ErrorPart[];
  /** The error's own enumerable properties, as plain data. */
  readonly properties?: Payload;
}

/** A cause, or an entry of `errors`: an error or any other value. */
export type ErrorPart = { readonly error: DetailedError } | { readonly value: unknown };

export interface DetailedError extends ErrorDetail {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly code: string;
}

/** Properties that are not copied: the error's texts or separate fields have them. */
const TOLD: ReadonlySet<string> = new Set(["name", "message", "stack", "cause", "errors"]);
const TOLD_WITH_CODE: ReadonlySet<string> = new Set([...TOLD, "code"]);

/** Encodes the causes, errors and own properties of a thrown value, bounded in size; nothing when there are none. Never throws. */
export function encodeErrorDetail(thrown: unknown): Uint8Array | undefined {
  // A quarter of the bytes is for the names of fields.
  for (const bytes of [MAX_ERROR_DETAIL_BYTES, MAX_ERROR_DETAIL_BYTES / 2]) {
    const detail = detailOf(thrown, new PlainCopy((bytes * 3) / 4), new Set(), 0);
    const encoded = encode(detail);
    if (encoded !== undefined && encoded.length <= MAX_ERROR_DETAIL_BYTES)
      return encoded.length === 0 ? undefined : encoded;
  }
  return undefined;
}

/** Reads the bytes of {@link encodeErrorDetail}. Other bytes give an empty detail: a peer that is not trusted may have sent them. */
export function decodeErrorDetail(bytes: Uint8Array | undefined): ErrorDetail {
  if (bytes === undefined) return {};
  try {
    return readDetail(decodePayload(bytes), 0);
  } catch {
    return {};
  }
}

function encode(detail: ErrorDetail): Uint8Array | undefined {
  try {
    return encodePayload(detail, "error");
  } catch {
    return undefined;
  }
}

function detailOf(thrown: unknown, copy: PlainCopy, above: Set<unknown>, depth: number): ErrorDetail {
  if (typeof thrown !== "object" || thrown === null || (!isError(thrown) && !hasNames(thrown))) return {};
  above.add(thrown);
  const cause = propertyOf(thrown, "cause");
  const errors = propertyOf(thrown, "errors");
  // A code that is not a string is also kept as a property, with its type.
  const told = typeof propertyOf(thrown, "code") === "string" ? TOLD_WITH_CODE : TOLD;
  // Properties come first and get half of the room: neither they nor a long chain of causes can take all of it.
  const properties = copy.properties(thrown, told);
  const detail = {
    ...(cause === undefined ? {} : { cause: partOf(cause, copy, above, depth + 1) }),
    ...(Array.isArray(errors) ? { errors: partsOf(errors, copy, above, depth + 1) } : {}),
  };
  above.delete(thrown);
  return Object.keys(properties).length === 0 ? detail : { ...detail, properties };
}

/** Whether a thrown object has named properties. Lists, binary data and other iterables have none worth copying. */
function hasNames(thrown: object): boolean {
  try {
    return !Array.isArray(thrown) && !ArrayBuffer.isView(thrown) && !(Symbol.iterator in thrown);
  } catch {
    return false;
  }
}

function partsOf(
  errors: readonly unknown[],
  copy: PlainCopy,
  above: Set<unknown>,
  depth: number,
): ErrorPart[] {
  const parts: ErrorPart[] = [];
  try {
    for (let index = 0; index < errors.length; index += 1) {
      if (index >= MAX_ERRORS || !copy.hasRoom) {
        parts.push({ value: `… ${errors.length - index} more` });
        break;
      }
      parts.push(partOf(errors[index], copy, above, depth));
    }
  } catch {
    // The list is a Proxy that threw: the entries read before that are kept.
  }
  return parts;
}

function partOf(thrown: unknown, copy: PlainCopy, above: Set<unknown>, depth: number): ErrorPart {
  if (!isError(thrown)) return { value: copy.value(thrown) };
  const { name, message, stack, code } = errorTexts(thrown, MAX_CAUSE_TEXT);
  if (above.has(thrown)) return { value: copy.text(`[circular: ${name}: ${message}]`, MAX_CAUSE_TEXT) };
  const error = {
    name: copy.text(name, MAX_CAUSE_TEXT),
    message: copy.text(message, MAX_CAUSE_TEXT),
    code: copy.text(code, MAX_CAUSE_TEXT),
    stack: copy.text(stack, MAX_CAUSE_TEXT),
  };
  if (depth >= MAX_CAUSES || !copy.hasRoom) return { error };
  return { error: { ...error, ...detailOf(thrown, copy, above, depth) } };
}

// --- reading ---------------------------------------------------------------------------------------------------------

function readDetail(value: Payload, depth: number): ErrorDetail {
  const { cause, errors, properties } = value;
  const part = readPart(cause, depth);
  return {
    ...(part === undefined ? {} : { cause: part }),
    ...(Array.isArray(errors)
      ? { errors: errors.flatMap((each: unknown) => readPart(each, depth) ?? []) }
      : {}),
    ...(isRecord(properties) ? { properties } : {}),
  };
}

function readPart(part: unknown, depth: number): ErrorPart | undefined {
  if (!isRecord(part) || depth > MAX_CAUSES) return undefined;
  const { error } = part;
  if (!isRecord(error)) return "value" in part ? { value: part.value } : undefined;
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  const texts = {
    name: text(error.name),
    message: text(error.message),
    stack: text(error.stack),
    code: text(error.code),
  };
  return { error: { ...texts, ...readDetail(error, depth + 1) } };
}

function isRecord(value: unknown): value is Payload {
  return Object.prototype.toString.call(value) === "[object Object]";
}
