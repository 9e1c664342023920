import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import { assertBoolean, assertCount, assertEndpoint, assertTimeout } from "../role/checks.ts";
import { assertKnownOptions, optionNames } from "../role/known-options.ts";
import { type NetworkOptions, type ResolvedNetwork, resolveNetwork } from "../role/network.ts";

export interface ServiceOptions extends NetworkOptions {
  /** Where the service listens for clients. */
  readonly frontendEndpoint: EndpointAddress;
  /** Where the service listens for its workers. */
  readonly backendEndpoint: EndpointAddress;
  /**
   * How many requests of one task type may wait for a worker. Further ones fail at once with `SERVICE_BUSY`.
   * @default 10000
   */
  readonly maxQueue?: number;
  /**
   * Memory that the waiting requests of all task types may take, in bytes, approximately. Further ones fail at once with
   * `SERVICE_BUSY`.
   * @default 268435456
   */
  readonly maxQueueBytes?: number;
  /**
   * How long a request waits while its task type has no worker at all, in ms. Then the request fails with `NO_WORKER`.
   * @default 5000
   */
  readonly workerTimeout?: number;
  /**
   * How many workers one idempotent request may cost before it fails with `REQUEST_LOST`. A lost worker counts only when it had no
   * other request.
   * @default 3
   */
  readonly crashLimit?: number;
  /**
   * Whether the workers end when the service is stopped. With `false` they wait for the next service, as in a rolling restart.
   * @default true
   */
  readonly endWorkers?: boolean;
}

/** How long the service waits for its workers to confirm END, in ms. A worker whose handler blocks does not confirm it. */
const END_TIMEOUT = 2000;

export type ResolvedServiceOptions = Required<
  Omit<ServiceOptions, keyof NetworkOptions | "workerTimeout">
> & {
  readonly workerTimeoutMs: number;
  readonly endTimeoutMs: number;
  readonly network: ResolvedNetwork;
};

const OPTIONS = optionNames<ServiceOptions>({
  frontendEndpoint: true,
  backendEndpoint: true,
  maxQueue: true,
  maxQueueBytes: true,
  workerTimeout: true,
  crashLimit: true,
  endWorkers: true,
  security: true,
  allowInsecure: true,
  maxConnections: true,
});

/** @throws TypeError when an endpoint is missing or is not one. @throws RangeError when a number is out of range. */
export function resolveServiceOptions(options: ServiceOptions): ResolvedServiceOptions {
  assertKnownOptions("Service", options, OPTIONS);
  const { frontendEndpoint, backendEndpoint } = options;
  assertEndpoint("frontendEndpoint", frontendEndpoint);
  assertEndpoint("backendEndpoint", backendEndpoint);
  if (frontendEndpoint.bindAddress === backendEndpoint.bindAddress) {
    const address = JSON.stringify(frontendEndpoint.bindAddress);
    throw new TypeError(`frontendEndpoint and backendEndpoint must differ, both are ${address}`);
  }
  const resolved = {
    frontendEndpoint,
    backendEndpoint,
    maxQueue: options.maxQueue ?? 10_000,
    maxQueueBytes: options.maxQueueBytes ?? 256 * 1024 * 1024,
    workerTimeoutMs: options.workerTimeout ?? 5000,
    crashLimit: options.crashLimit ?? 3,
    endWorkers: options.endWorkers ?? true,
    network: resolveNetwork(options),
    endTimeoutMs: END_TIMEOUT,
  };
  assertCount("maxQueue", resolved.maxQueue, 0);
  assertCount("maxQueueBytes", resolved.maxQueueBytes, 0);
  assertTimeout("workerTimeout", resolved.workerTimeoutMs);
  assertCount("crashLimit", resolved.crashLimit, 1);
  assertBoolean("endWorkers", resolved.endWorkers);
  return resolved;
}
