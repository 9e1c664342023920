import type { EndpointAddress } from "../protocol/endpoint-address.ts";
import type { Payload } from "../protocol/payload/payload.ts";
import type { Awaitable } from "../role/awaitable.ts";
import { assertOwnEndpoint, assertTimeout } from "../role/checks.ts";
import { assertNoArguments, type Members } from "../role/members.ts";
import { assertSecurity } from "../role/network.ts";
import { DEFAULT_PEER_TIMEOUT, emptyOutcome, openSession, Role, roleMembers } from "../role/role.ts";
import { adoptStaticFields } from "../role/static-fields.ts";
import type { Security } from "../security/security.ts";
import { atCaller } from "../self/at-caller.ts";
import { MetadataSession } from "./metadata-session.ts";

/** The field of a metadata worker that its class has as a field of the instance, or as a static one. */
declare abstract class MetaDataFields {
  /** The distributor's `metadataEndpoint`. A `Pipeline` has its own: leave it out there. */
  abstract readonly endpoint: EndpointAddress;
}

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
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: run() reports fields that are missing
export abstract class MetaDataWorker<Metadata extends object = Payload> extends Role<void> {
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

  /** Takes the static fields of the class as fields of the instance. */
  constructor();
  constructor(...given: readonly unknown[]) {
    super();
    atCaller(MetaDataWorker, () => assertNoArguments(this, given));
    adoptStaticFields(this, this[roleMembers]());
  }

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
    assertOwnEndpoint(`${this.constructor.name}.endpoint`, this.endpoint);
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

// An interface, because TypeScript asks for `override` where a class gives a value to a field of its base class.
// biome-ignore lint/correctness/noUnusedVariables: merged declarations have the same type parameters
export interface MetaDataWorker<Metadata> extends Pick<MetaDataFields, "endpoint"> {}
