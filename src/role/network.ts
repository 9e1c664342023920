import { PipelineError } from "../errors.ts";
import { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { KeyRole } from "../security/key-role.ts";
import { linkKeys, listenKeys, Security } from "../security/security.ts";
import type { LinkOptions, ListenOptions } from "../transport/transport.ts";
import { assertBoolean, assertCount } from "./checks.ts";

/** More than one role can serve, and far fewer than the file descriptors that Node has by default. */
export const DEFAULT_MAX_CONNECTIONS = 4096;

/** The endpoint of a role in a pipeline, until the pipeline gives it another. */
export const NO_ENDPOINT = new EndpointAddress("inproc://nowhere");

/** Options of a role that listens: which peers may connect. */
export interface NetworkOptions {
  /**
   * Keys: all `tcp` links are encrypted, and only peers whose key is on the list may connect.
   * @default none: the role listens on the loopback, `ipc` and `inproc` only
   */
  readonly security?: Security | undefined;
  /**
   * Listen without keys on interfaces that other machines reach. Traffic is not encrypted, and every peer that connects is trusted: use it
   * only on a network where all machines are trusted.
   * @default false: anything but the loopback, `ipc` and `inproc` is refused with `INSECURE_BIND`
   */
  readonly allowInsecure?: boolean;
  /**
   * Most connections to each endpoint at a time. Further connections are refused.
   * @default 4096
   */
  readonly maxConnections?: number;
}

export interface ResolvedNetwork {
  readonly security: Security | undefined;
  readonly allowInsecure: boolean;
  readonly maxConnections: number;
}

/** @throws TypeError, RangeError when an option is wrong. */
export function resolveNetwork(options: NetworkOptions): ResolvedNetwork {
  const { security, allowInsecure = false, maxConnections = DEFAULT_MAX_CONNECTIONS } = options;
  assertSecurity("security", security);
  assertBoolean("allowInsecure", allowInsecure);
  assertCount("maxConnections", maxConnections, 1);
  return { security, allowInsecure, maxConnections };
}

export function assertSecurity(name: string, value: unknown): asserts value is Security | undefined {
  if (value !== undefined && !(value instanceof Security))
    throw new TypeError(`${name} must be a Security, of Security.load() or Security.generate()`);
}

/**
 * Protected mode: a role listens only where this machine alone reaches it, unless it has keys, or the user has set `allowInsecure`.
 *
 * @throws PipelineError `INSECURE_BIND`.
 */
export function assertMayListen(role: string, endpoint: EndpointAddress, network: ResolvedNetwork): void {
  if (network.allowInsecure || network.security !== undefined || endpoint.isLocal) return;
  const address = JSON.stringify(endpoint.bindAddress);
  const message =
    `Endpoint ${address} would accept every peer that can reach it, without encryption: make keys ` +
    '("npx zmqpipeline keys init") and set security, listen on the loopback (tcp://localhost:PORT) or an ipc path, or set ' +
    "allowInsecure: true on a network that you trust";
  throw new PipelineError("INSECURE_BIND", message, { role, endpoint: endpoint.address });
}

/** @param peers - The roles that may connect. @throws PipelineError `KEYS_UNUSABLE` when the keys belong to another role. */
export function listenOptions(
  network: ResolvedNetwork,
  role: KeyRole,
  peers: readonly KeyRole[],
): ListenOptions {
  const { security, maxConnections } = network;
  return { maxConnections, keys: security?.[listenKeys](role, peers) };
}

/**
 * @param name - The role's name in errors.
 * @param server - The role that it connects to.
 * @throws PipelineError `KEYS_UNUSABLE` when the keys belong to another role.
 */
export function linkOptions(
  name: string,
  security: Security | undefined,
  role: KeyRole,
  server: KeyRole,
): LinkOptions {
  return { role: name, keys: security?.[linkKeys](role, server) };
}
