import { EndpointAddress } from "../protocol/endpoint-address.ts";
import { TaskType } from "../protocol/task-type.ts";
import { describeKind } from "./known-options.ts";

/** @throws TypeError when a time is no number, RangeError when it is negative or NaN. In ms; `Infinity` means no limit. */
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

/** @throws TypeError when a count is no number, RangeError when it is neither an integer within the bounds nor, without an upper one, `Infinity`. */
export function assertCount(
  name: string,
  value: number,
  least: number,
  most = Number.POSITIVE_INFINITY,
): void {
  if (typeof value !== "number")
    throw new TypeError(`${name} must be an integer from ${least} to ${most}, not ${describeKind(value)}`);
  if ((Number.isInteger(value) || value === Number.POSITIVE_INFINITY) && value >= least && value <= most)
    return;
  throw new RangeError(`${name} ${value} must be an integer from ${least} to ${most}`);
}

export function assertBoolean(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== "boolean")
    throw new TypeError(`${name} must be true or false, not ${describeKind(value)}`);
}
