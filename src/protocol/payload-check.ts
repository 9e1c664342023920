import { MAX_DEPTH } from "./limits.ts";

/** A value that cannot be sent. To users it is the `TypeError` of any misuse. */
export class PayloadTypeError extends TypeError {}

/**
 * Refuses, before encoding, every value that would not arrive as it was sent.
 *
 * @param value - What the user returned.
 * @param path - How the message should call it: `data`, `result`, `metadata`.
 * @throws TypeError with the path of the first offending value.
 */
export function assertPayload(value: unknown, path: string): void {
  if (isSimple(value)) return;
  check(value, [path], 0);
}

/** Most values of most payloads: decided without a path. */
function isSimple(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
    case "undefined":
      return true;
    case "bigint":
      return bigintFits(value);
    default:
      return value === null;
  }
}

function check(value: unknown, path: string[], depth: number): void {
  if (isSimple(value)) return;
  if (typeof value === "bigint") refuse("a bigint of more than 2048 bits", path);
  if (typeof value !== "object" || value === null) refuse(`a ${typeof value}`, path);
  if (depth >= MAX_DEPTH) refuse(`nested deeper than ${MAX_DEPTH} levels, or refers to itself`, path);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const element: unknown = value[index];
      if (!isSimple(element)) descend(element, `[${index}]`, path, depth);
    }
    return;
  }
  if (isBinary(value) || value instanceof Date) return;
  if (!isPlain(value)) refuse(`a ${className(value)}`, path);
  for (const key of Object.keys(value)) {
    if (key === "__proto__") refuse("a key named __proto__", path);
    const member = (value as Record<string, unknown>)[key];
    if (!isSimple(member)) descend(member, stepTo(key), path, depth);
  }
}

/** Whether an object is of no class. One of another realm (node:vm, a test runner) has a prototype that itself has none. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function stepTo(key: string): string {
  return /^[\p{L}_$][\p{L}\d_$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function descend(value: unknown, step: string, path: string[], depth: number): void {
  path.push(step);
  check(value, path, depth + 1);
  path.pop();
}

const TYPED_ARRAY = Object.getPrototypeOf(Uint8Array) as new () => unknown;

function isBinary(value: object): boolean {
  return value instanceof TYPED_ARRAY || value instanceof ArrayBuffer;
}

/** Converting digits takes quadratic time: a huge bigint would stall the receiver. */
function bigintFits(value: bigint): boolean {
  return BigInt.asIntN(2048, value) === value;
}

function className(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "class instance";
}

function refuse(what: string, path: readonly string[]): never {
  throw new PayloadTypeError(
    `Value at ${path.join("")} is ${what}; a payload may hold plain objects, arrays, strings, numbers, booleans, bigint, ` +
      "Date, typed arrays, Buffer, null and undefined",
  );
}
