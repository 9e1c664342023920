import { PipelineError } from "../errors.ts";
import { EndpointAddress } from "../protocol/endpoint-address.ts";

/** @throws RangeError when a time in ms is negative or not a number; `Infinity` means no limit. */
export function assertTimeout(name: string, value: number): void {
  if (typeof value !== "number" || !(value >= 0))
    throw new RangeError(`${name} ${value} must be a number of ms, at least 0`);
}

export function assertEndpoint(name: string, value: unknown): asserts value is EndpointAddress {
  if (!(value instanceof EndpointAddress)) throw new TypeError(`${name} must be an EndpointAddress`);
}

/**
 * Protected mode: a role listens where only this machine reaches it, unless its user has said that everybody who can connect is
 * trusted.
 *
 * @throws PipelineError `INSECURE_BIND`.
 */
export function assertMayListen(role: string, endpoint: EndpointAddress, allowInsecure: boolean): void {
  if (allowInsecure || endpoint.isLocal) return;
  const address = JSON.stringify(endpoint.bindAddress);
  const message =
    `Endpoint ${address} would let anybody in who can reach it, without encryption: ` +
    "listen on the loopback (tcp://localhost:PORT) or an ipc path, or set allowInsecure: true on a network that you trust";
  throw new PipelineError("INSECURE_BIND", message, { role, endpoint: endpoint.address });
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
