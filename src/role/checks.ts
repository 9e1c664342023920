import { EndpointAddress } from "../protocol/endpoint-address.ts";

/** @throws RangeError when a time in ms is negative or not a number; `Infinity` means no limit. */
export function assertTimeout(name: string, value: number): void {
  if (typeof value !== "number" || !(value >= 0))
    throw new RangeError(`${name} ${value} must be a number of ms, at least 0`);
}

export function assertEndpoint(name: string, value: unknown): asserts value is EndpointAddress {
  if (!(value instanceof EndpointAddress)) throw new TypeError(`${name} must be an EndpointAddress`);
}

/** @throws RangeError when a count is neither an integer within the bounds nor, without an upper one, `Infinity`. */
export function assertCount(
  name: string,
  value: number,
  least: number,
  most = Number.POSITIVE_INFINITY,
): void {
  if ((Number.isInteger(value) || value === Number.POSITIVE_INFINITY) && value >= least && value <= most)
    return;
  throw new RangeError(`${name} ${value} must be an integer from ${least} to ${most}`);
}
