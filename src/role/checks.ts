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

export function assertTaskType(name: string, value: unknown): asserts value is TaskType {
  if (value instanceof TaskType) return;
  const instead = typeof value === "string" ? `: TaskType.register(${JSON.stringify(value)})` : "";
  throw new TypeError(`${name} must be a TaskType${instead}`);
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
