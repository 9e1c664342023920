import { PipelineError } from "../errors.ts";
import { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { KeyRole } from "../security/key-role.ts";
import { linkKeys, listenKeys, Security } from "../security/security.ts";
import type { LinkOptions, ListenOptions } from "../transport/transport.ts";
import { assertBoolean, assertCount } from "./checks.ts";

/** Far above what one role can serve, and far below the file descriptors that Node has by default. */
export const DEFAULT_MAX_CONNECTIONS = 4096;

/** Of a role that is told later where it is: in a pipeline, which has endpoints of its own. */
export const NO_ENDPOINT = new EndpointAddress("inproc://nowhere");

/** Who may connect to a role that listens. */
export interface NetworkOptions {
  /**
   * Keys: all `tcp` links are then encrypted, and nobody gets in whose key is not on the list.
   * @default none: the role listens on the loopback, `ipc` and `inproc` only
   */
  readonly security?: Security | undefined;
  /**
   * Listen on interfaces that other machines reach, without keys. Traffic is not encrypted and whoever connects is believed: only
   * on a network where everybody is trusted.
   * @default false: anything but the loopback, `ipc` and `inproc` is refused with `INSECURE_BIND`
   */
  readonly allowInsecure?: boolean;
  /**
   * Most connections to each endpoint at a time. While there are so many, nobody else is let in.
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
 * Protected mode: a role listens where only this machine reaches it, unless it has keys or its user has said that everybody who
 * can connect is trusted.
 *
 * @throws PipelineError `INSECURE_BIND`.
 */
export function assertMayListen(role: string, endpoint: EndpointAddress, network: ResolvedNetwork): void {
  if (network.allowInsecure || network.security !== undefined || endpoint.isLocal) return;
  const address = JSON.stringify(endpoint.bindAddress);
  const message =
    `Endpoint ${address} would let anybody in who can reach it, without encryption: make keys ` +
    '("npx zmqpipeline keys init") and set security, listen on the loopback (tcp://localhost:PORT) or an ipc path, or set ' +
    "allowInsecure: true on a network that you trust";
  throw new PipelineError("INSECURE_BIND", message, { role, endpoint: endpoint.address });
}

/** @param peers - Who may connect. @throws PipelineError `KEYS_UNUSABLE` when the keys are another role's. */
export function listenOptions(
  network: ResolvedNetwork,
  role: KeyRole,
  peers: readonly KeyRole[],
): ListenOptions {
  const { security, maxConnections } = network;
  return { maxConnections, keys: security?.[listenKeys](role, peers) };
}

/**
 * @param name - What the role is called in errors.
 * @param server - Whom it connects to.
 * @throws PipelineError `KEYS_UNUSABLE` when the keys are another role's.
 */
export function linkOptions(
  name: string,
  security: Security | undefined,
  role: KeyRole,
  server: KeyRole,
): LinkOptions {
  return { role: name, keys: security?.[linkKeys](role, server) };
}
