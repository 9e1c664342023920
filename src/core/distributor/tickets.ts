import type { Hello, Trust } from "../../protocol/batch-message.ts";
import type { Item } from "./item.ts";
import type { WorkerRecord } from "./worker-record.ts";

export interface TicketOptions {
  readonly runId: string;
  readonly trust: Trust;
  /** Makes a worker's ticket, which nobody can guess. */
  newTicket(): string;
}

/** Tells by their tickets which worker a peer is. With trust `"any"`, a peer is believed without one. */
export class Tickets {
  readonly #options: TicketOptions;

  constructor(options: TicketOptions) {
    this.#options = options;
  }

  /**
   * The ticket of a worker that has no record. A worker that was forgotten, or that the distributor of an earlier start knew, keeps the
   * ticket that it shows: nobody else can know it.
   */
  of({ runId, ticket }: Hello): string {
    return runId === this.#options.runId && ticket !== "" ? ticket : this.#options.newTicket();
  }

  /** Whether a peer has shown that it is a worker. */
  proves(ticket: string, worker: WorkerRecord): boolean {
    return this.#options.trust === "any" || ticket === worker.ticket;
  }

  /** Whether an item was granted to a worker last, and by this process. */
  wasGranted({ holder }: Item, worker: WorkerRecord): boolean {
    return this.#options.trust === "any" || holder?.ticket === worker.ticket;
  }
}
