import { Task } from "zmqpipeline";
import { CALCULATION, WORKER, WORKLOAD } from "./settings.ts";

export class CalculationTask extends Task<{ workload: number }> {
  readonly taskType = CALCULATION;
  readonly endpoint = WORKER;
  readonly #items: number;
  readonly #isEverybodyHere: () => boolean;
  #count = 0;
  startedAt = 0;

  /** @param isEverybodyHere - Nothing is handed out before, so that start-up is not measured. */
  constructor(items: number, isEverybodyHere: () => boolean) {
    super();
    this.#items = items;
    this.#isEverybodyHere = isEverybodyHere;
  }

  override isAvailableForHandling() {
    return this.#count > 0 || this.#isEverybodyHere();
  }

  override handle() {
    if (this.#count === 0) this.startedAt = performance.now();
    if (++this.#count >= this.#items) this.isComplete = true;
    return { workload: WORKLOAD };
  }
}
