import type { CollectorLink } from "./collector-link.ts";
import type { DistributorPort } from "./distributor-port.ts";
import type { Fleet } from "./fleet.ts";
import { type EndingPhase, endMessage, type WorkerMessages } from "./worker-messages.ts";

/** Tells workers and collector that the run is over, until they confirm it. */
export class EndOfRun {
  readonly #runId: string;
  readonly #fleet: Fleet;
  readonly #collector: CollectorLink;
  readonly #workerMessages: WorkerMessages;
  readonly #port: DistributorPort;

  constructor(
    runId: string,
    fleet: Fleet,
    collector: CollectorLink,
    workerMessages: WorkerMessages,
    port: DistributorPort,
  ) {
    this.#runId = runId;
    this.#fleet = fleet;
    this.#collector = collector;
    this.#workerMessages = workerMessages;
    this.#port = port;
  }

  /** Sends END to every peer that has not confirmed it. */
  send(phase: EndingPhase): void {
    for (const worker of this.#fleet.workers) this.#workerMessages.end(worker, phase);
    if (!this.#collector.hasEnded) this.#port.toCollector(endMessage(this.#runId, phase));
  }

  /** Whether every peer has confirmed END: a worker does so by leaving. */
  get isConfirmed(): boolean {
    return this.#collector.hasEnded && this.#fleet.size === 0;
  }

  /** Ends the run, confirmed or not. */
  finish({ status, error }: EndingPhase): void {
    const { size } = this.#fleet;
    if (!this.#collector.hasEnded) this.#port.note("END was not confirmed by the collector", {});
    if (size > 0) this.#port.note("END was not confirmed by every worker", { workers: size });
    this.#port.toCollector({ type: "bye", runId: this.#runId });
    this.#port.over(status, error);
  }
}
