import { Task } from "zmqpipeline";
import { CALCULATION, WORKER, WORKLOAD_MS } from "./settings.ts";

export class CalculationTask extends Task<{ workload: number }> {
  readonly taskType = CALCULATION;
  readonly endpoint = WORKER;
  readonly #items: number;
  #count = 0;

  constructor(items: number) {
    super();
    this.#items = items;
  }

  override handle() {
    if (++this.#count >= this.#items) this.isComplete = true;
    return { workload: WORKLOAD_MS };
  }
}
