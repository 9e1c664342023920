import { assertArgumentCount } from "../role/known-options.ts";
import { assertMayListen } from "../role/network.ts";
import { emptyOutcome, leadsRun, openSession, Role } from "../role/role.ts";
import { atCaller } from "../self/at-caller.ts";
import {
  type ResolvedServiceOptions,
  resolveServiceOptions,
  type ServiceOptions,
} from "./service-options.ts";
import { ServiceSession } from "./service-session.ts";
import type { ServiceStatus, ServiceSummary } from "./service-summary.ts";

const NOTHING: ServiceSummary = { requests: 0, replied: 0, failed: 0, refused: 0, lost: 0, cancelled: 0 };

/** The method that says how many requests of a task type the workers of a service execute at a time. A symbol, because users do not see it. */
export const placesOf: unique symbol = Symbol("placesOf");

/**
 * The broker between clients and workers: gives each request to the least loaded worker of its task type, and brings the
 * reply back. `run()` resolves after `stop()`: the service takes no new requests, waits for those it has, for `stopTimeout`
 * ms at most, and ends its workers.
 *
 * @example
 * ```ts
 * const service = new Service({ frontendEndpoint: FRONT, backendEndpoint: BACK });
 * await service.run({ signals: true });
 * ```
 */
export class Service extends Role<ServiceSummary> {
  readonly #options: ResolvedServiceOptions;
  #session: ServiceSession | undefined;

  /**
   * @throws TypeError when an endpoint is missing, or both are the same.
   * @throws RangeError when a number is out of range.
   */
  constructor(options: ServiceOptions);
  constructor(options: ServiceOptions, ...more: readonly unknown[]) {
    super();
    this.#options = atCaller(Service, () => {
      const resolved = resolveServiceOptions(options);
      assertArgumentCount("new Service()", [options, ...more], 1);
      return resolved;
    });
  }

  /** The state of the service: its workers, the requests that wait or run, and those that have ended. Zeros before `run()`. */
  get status(): ServiceStatus {
    return this.#session?.status ?? { ...NOTHING, clients: 0, types: {} };
  }

  /** @internal */
  [placesOf](taskType: string): number {
    return this.#session?.places(taskType) ?? 0;
  }

  /** @internal */
  [openSession](): ServiceSession {
    const { frontendEndpoint, backendEndpoint, network } = this.#options;
    for (const endpoint of [frontendEndpoint, backendEndpoint]) assertMayListen("service", endpoint, network);
    this.#session = new ServiceSession(this.#options);
    return this.#session;
  }

  /** @internal */
  override get [leadsRun](): boolean {
    return true;
  }

  /** @internal */
  [emptyOutcome](): ServiceSummary {
    return { ...NOTHING };
  }
}
