import { EndpointAddress } from "../protocol/endpoint-address.ts";
import { TaskType } from "../protocol/task-type.ts";
import { describeKind } from "./known-options.ts";

/** Checks a time in ms; `Infinity` means no limit. @throws TypeError when it is no number, RangeError when it is negative or NaN. */
export function assertTimeout(name: string, value: number): void {
  if (typeof value !== "number")
    throw new TypeError(`${name} must be a number of ms, at least 0, not ${describeKind(value)}`);
  if (!(value >= 0)) throw new RangeError(`${name} ${value} must be a number of ms, at least 0`);
}

export function assertEndpoint(name: string, value: unknown): asserts value is EndpointAddress {
  if (value instanceof EndpointAddress) return;
  const instead = typeof value === "string" ? `: new EndpointAddress(${JSON.stringify(value)})` : "";
  throw new TypeError(`${name} must be an EndpointAddress${instead}`);
}

/** Checks the endpoint of a class. @throws TypeError when it is none, also when it is missing. */
export function assertOwnEndpoint(name: string, value: unknown): asserts value is EndpointAddress {
  if (value === undefined)
    throw new TypeError(`${name} must be an EndpointAddress: it is missing, and only a Pipeline gives one`);
  assertEndpoint(name, value);
}

/** The task type that a value is, or that has it as its name. @throws TypeError when the value is neither. */
export function toTaskType(name: string, value: unknown): TaskType {
  if (typeof value === "string") return TaskType.register(value);
  if (value instanceof TaskType) return value;
  const kind = value === undefined ? "; it is missing" : `, not ${describeKind(value)}`;
  throw new TypeError(`${name} must be a TaskType or its name${kind}`);
}

/** Checks a count; `Infinity` is allowed if `most` is. @throws TypeError when it is no number, RangeError when it is no integer within the bounds. */
export function assertCount(
  name: string,
  value: number,
  least: number,
  most = Number.POSITIVE_INFINITY,
): void {
  const wanted = Number.isFinite(most) ? `from ${least} to ${most}` : `of at least ${least}`;
  if (typeof value !== "number")
    throw new TypeError(`${name} must be an integer ${wanted}, not ${describeKind(value)}`);
  if ((Number.isInteger(value) || value === Number.POSITIVE_INFINITY) && value >= least && value <= most)
    return;
  throw new RangeError(`${name} ${value} must be an integer ${wanted}`);
}

export function assertBoolean(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== "boolean")
    throw new TypeError(`${name} must be true or false, not ${describeKind(value)}`);
}
