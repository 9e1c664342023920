import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { Awaitable } from "../role/awaitable.ts";
import { assertEndpoint, assertTimeout } from "../role/checks.ts";
import type { Members } from "../role/members.ts";
import { assertSecurity } from "../role/network.ts";
import { DEFAULT_PEER_TIMEOUT, emptyOutcome, openSession, Role, roleMembers } from "../role/role.ts";
import type { Security } from "../security/security.ts";
import { MetadataSession } from "./metadata-session.ts";

/**
 * Hands run-wide parameters to the distributor before the run starts; its `run()` resolves when they have arrived.
 *
 * @example
 * ```ts
 * class MyMetaData extends MetaDataWorker<{ threshold: number }> {
 *   readonly endpoint = METADATA;
 *   getMetadata() {
 *     return { threshold: 0.5 };
 *   }
 * }
 * ```
 */
export abstract class MetaDataWorker<Metadata extends object = Payload> extends Role<void> {
  /** The distributor's `metadataEndpoint`. */
  abstract readonly endpoint: EndpointAddress;
  /**
   * Longest wait for the distributor, in ms. `Infinity` waits for ever.
   * @default 60000
   */
  readonly peerTimeout: number = DEFAULT_PEER_TIMEOUT;
  /**
   * Keys: `tcp` links are then encrypted, and only peers with the right keys are spoken to.
   * @default none
   */
  readonly security?: Security | undefined;

  /** @returns A plain object; tasks, workers and the collector get it. Called once for each run. */
  abstract getMetadata(): Awaitable<Metadata>;

  /** @internal */
  override [roleMembers](): Members {
    return {
      base: MetaDataWorker.prototype,
      methods: ["getMetadata"],
      fields: ["endpoint", "peerTimeout", "security"],
    };
  }

  /** @internal */
  [openSession](): MetadataSession {
    assertEndpoint(`${this.constructor.name}.endpoint`, this.endpoint);
    assertTimeout(`${this.constructor.name}.peerTimeout`, this.peerTimeout);
    assertSecurity(`${this.constructor.name}.security`, this.security);
    return new MetadataSession({
      endpoint: this.endpoint,
      peerTimeoutMs: this.peerTimeout,
      security: this.security,
      getMetadata: async () => await this.getMetadata(),
    });
  }

  /** @internal */
  [emptyOutcome](): void {}
}
