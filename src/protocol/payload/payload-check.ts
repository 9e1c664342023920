import { MAX_DEPTH, MAX_PAYLOAD_BYTES } from "../limits.ts";
import { describeThrown } from "../thrown.ts";
import { extraProperty, kindOf } from "./own-kind.ts";

/** Thrown for a value that cannot be sent. Users see a `TypeError`. */
export class PayloadTypeError extends TypeError {}

/** Thrown for a value of more parts than fit in a message, such as a list that repeats another twice, over many levels. */
export class PayloadSizeError extends RangeError {}

/** How many steps at either end of a long path are shown. */
const SHOWN_STEPS = 10;

/** Parts of the current value that were checked. Each takes at least a byte. */
let parts = 0;

/** From this many parts on, checked objects are remembered, so that a repeated one is checked once. */
const MANY_PARTS = 100_000;

/** Up to this bigint, the decoder makes numbers of integers. */
const LARGEST_NUMBER = 2n ** 53n;

/** The result of checking an object; it also holds at a smaller depth. */
interface Known {
  readonly depth: number;
  readonly parts: number;
  readonly isSpecial: boolean;
}

let known = new Map<object, Known>();

/**
 * Refuses a value that would not arrive as it was sent.
 *
 * @param value - Any value.
 * @param path - The value's name in error messages: `data`, `result`, `metadata`.
 * @returns Whether the value contains something special, which plain MessagePack cannot express: -0, a bigint that a number could
 *   express, a lone surrogate, a hole in a list, an object without a prototype, data of another realm.
 * @throws TypeError with the path of the first offending value.
 */
export function assertPayload(value: unknown, path: string): boolean {
  const steps = [path];
  parts = 0;
  if (known.size > 0) known = new Map();
  try {
    return typeof value === "object" && value !== null
      ? checkObject(value, steps, 0)
      : checkPrimitive(value, steps);
  } catch (error) {
    if (error instanceof PayloadTypeError || error instanceof PayloadSizeError) throw error;
    // A getter or a Proxy threw. A TypeError, because a retry would not help.
    throw unreadable(error, steps);
  }
}

function unreadable(cause: unknown, steps: readonly string[]): PayloadTypeError {
  return new PayloadTypeError(`Value at ${steps.join("")} cannot be read: ${describeThrown(cause)}`, {
    cause,
  });
}

/** Whether a text has no lone surrogates, which UTF-8 cannot express. */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** Checks a value that is no part of another one, and no object. @returns Whether it is special. */
function checkPrimitive(value: unknown, steps: readonly string[]): boolean {
  if (typeof value === "string") return !isWellFormed(value);
  if (typeof value === "bigint") {
    if (!bigintFits(value)) refuse("a bigint of more than 2048 bits", steps);
    return looksLikeNumber(value);
  }
  if (typeof value === "function" || typeof value === "symbol") refuse(`a ${typeof value}`, steps);
  return Object.is(value, -0);
}

/** @returns Whether the value contains something special. */
function check(value: unknown, steps: string[], step: string | number, depth: number): boolean {
  switch (typeof value) {
    case "string":
      parts += value.length;
      return !isWellFormed(value);
    case "number":
      return value === 0 && Object.is(value, -0);
    case "boolean":
    case "undefined":
      return false;
    case "bigint":
      if (bigintFits(value)) return looksLikeNumber(value);
      break;
    case "object":
      if (value === null) return false;
  }
  steps.push(typeof step === "number" ? `[${step}]` : stepTo(step));
  if (typeof value === "bigint") refuse("a bigint of more than 2048 bits", steps);
  if (typeof value !== "object") refuse(`a ${typeof value}`, steps);
  const isSpecial =
    parts < MANY_PARTS
      ? checkObject(value as object, steps, depth + 1)
      : checkOnce(value as object, steps, depth + 1);
  steps.pop();
  return isSpecial;
}

function checkOnce(value: object, steps: string[], depth: number): boolean {
  const seen = known.get(value);
  if (seen !== undefined && depth <= seen.depth) {
    count(seen.parts);
    return seen.isSpecial;
  }
  const before = parts;
  const isSpecial = checkObject(value, steps, depth);
  known.set(value, { depth, parts: parts - before, isSpecial });
  return isSpecial;
}

function checkObject(value: object, steps: string[], depth: number): boolean {
  if (depth >= MAX_DEPTH) refuse(`nested deeper than ${MAX_DEPTH} levels, or refers to itself`, steps);
  const kind = kindOf(value);
  if (kind === "other") refuse(`a ${className(value)}`, steps);
  const symbols = Object.getOwnPropertySymbols(value);
  if (symbols.length > 0 && symbols.some((key) => Object.prototype.propertyIsEnumerable.call(value, key)))
    refuse("an object with a symbol for a key", steps);
  if (kind === "object" || kind === "bare") return checkMembers(value, steps, depth, kind === "bare");
  const extra = extraProperty(value);
  if (extra !== undefined) refuse(`a ${className(value)} with a property ${JSON.stringify(extra)}`, steps);
  return Array.isArray(value) ? checkList(value, steps, depth) : kind === "elsewhere";
}

function checkList(list: readonly unknown[], steps: string[], depth: number): boolean {
  const { length } = list;
  count(length);
  let isSpecial = false;
  for (let index = 0; index < length; index++) {
    const element = list[index];
    if (check(element, steps, index, depth) || (element === undefined && !(index in list))) isSpecial = true;
  }
  return isSpecial;
}

/** Most keys of an object that the fast encoder can write: it counts them in 16 bits. */
const MAX_FAST_KEYS = 0xffff;

function checkMembers(value: object, steps: string[], depth: number, isBare: boolean): boolean {
  // The fast encoder reads `constructor` to find an object's class, so an own `constructor` would mislead it.
  let isSpecial = isBare || value.constructor !== Object;
  const keys = Object.keys(value);
  if (keys.length > MAX_FAST_KEYS) isSpecial = true;
  count(keys.length);
  for (const key of keys) {
    if (key === "__proto__") refuse("a key named __proto__", steps);
    if (!isWellFormed(key)) isSpecial = true;
    if (check(read(value, key, steps), steps, key, depth)) isSpecial = true;
  }
  return isSpecial;
}

function read(value: object, key: string, steps: readonly string[]): unknown {
  try {
    return (value as Readonly<Record<string, unknown>>)[key];
  } catch (error) {
    throw unreadable(error, [...steps, stepTo(key)]);
  }
}

function count(more: number): void {
  parts += more;
  if (parts > MAX_PAYLOAD_BYTES) throw new PayloadSizeError(`more than ${MAX_PAYLOAD_BYTES} parts`);
}

/** Whether an object is a plain one, of this or another realm (node:vm, a test runner). */
export function isPlain(value: object): boolean {
  const kind = kindOf(value);
  return kind === "object" || kind === "bare";
}

function stepTo(key: string): string {
  return /^[\p{L}_$][\p{L}\d_$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** Whether a bigint is small enough. Decoding one takes quadratic time, so a huge one would block the receiver. */
function bigintFits(value: bigint): boolean {
  return BigInt.asIntN(2048, value) === value;
}

/**
 * Whether a bigint, written as a MessagePack integer, would be read as a number: integers of 64 bits are numbers where a number can express
 * them, because other languages have no other integers.
 */
export function looksLikeNumber(value: bigint): boolean {
  return value <= LARGEST_NUMBER && value >= -LARGEST_NUMBER;
}

function className(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "class instance";
}

/** A path without its middle, if it is long: the reason behind it matters more. */
function shortPath(path: readonly string[]): string {
  if (path.length <= 2 * SHOWN_STEPS) return path.join("");
  return `${path.slice(0, SHOWN_STEPS).join("")}…${path.slice(-SHOWN_STEPS).join("")}`;
}

function refuse(what: string, path: readonly string[]): never {
  throw new PayloadTypeError(
    `Value at ${shortPath(path)} is ${what}; a payload may hold plain objects, arrays, strings, numbers, booleans, bigint, ` +
      "Date, typed arrays, Buffer, null and undefined",
  );
}
