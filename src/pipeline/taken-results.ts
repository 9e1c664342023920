import type { Delivery } from "../core/collector/inbox.ts";
import type { Handled } from "../core/distributor/handled.ts";
import { groupByWorker } from "./group-by-worker.ts";

/** Gathers results that have arrived and are collected later, and reports those that arrive together at once. */
export class TakenResults {
  readonly #report: (results: readonly Handled[]) => void;
  #deliveries: Delivery[] = [];

  constructor(report: (results: readonly Handled[]) => void) {
    this.#report = report;
  }

  add(delivery: Delivery): void {
    this.#deliveries.push(delivery);
    if (this.#deliveries.length > 1) return;
    queueMicrotask(() => {
      const deliveries = this.#deliveries;
      this.#deliveries = [];
      this.#report(groupByWorker(deliveries));
    });
  }
}
