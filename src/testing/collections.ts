import type { Delivery } from "../core/collector/inbox.ts";
import type { CollectorUnderTest, Handled } from "./collector-under-test.ts";
import type { FaultPlan } from "./fault-plan.ts";
import { type Host, runOn } from "./simulator/host.ts";
import type { Random } from "./simulator/random.ts";
import type { Timeline } from "./simulator/timeline.ts";

/** Longest time from the handling of a result to its ACK, in virtual ms. */
const HANDLING_MS = 2;

export interface CollectionsPort {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly faults: FaultPlan;
  /** Kills collectors before their ACKs leave: all that they have handled comes again. */
  readonly losesAcks: boolean;
  /** Calls the handler. @returns Nothing when the run is broken. */
  call<T>(action: () => Promise<T>): Promise<T | undefined>;
  killCollector(host: Host): void;
}

/** Hands the deliveries of one run to its collectors, with the faults that are aimed at them. */
export class Collections {
  readonly #port: CollectionsPort;

  constructor(port: CollectionsPort) {
    this.#port = port;
  }

  /** @param done - Called when the results are handled, unless the collector is killed before. */
  async handle(
    host: Host,
    collector: CollectorUnderTest,
    delivery: Delivery,
    more: () => Delivery | undefined,
    done: (handled: Handled) => void,
  ): Promise<void> {
    const { timeline, random, faults, losesAcks, call, killCollector } = this.#port;
    const handled = await call(() => collector.handle(delivery, more));
    if (handled === undefined) return killCollector(host);
    if (faults.happens("killCollector", `${delivery.task}${delivery.seq}`)) {
      if (losesAcks) return killCollector(host);
      timeline.after(random.between(0, 2 * HANDLING_MS), () => killCollector(host));
    }
    runOn(timeline, host, random.between(0, HANDLING_MS), () => done(handled));
  }
}
