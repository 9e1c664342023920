import { Collector, isMain } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK, ITEMS } from "./settings.ts";

class Squares extends Collector<{ n: number; square: number }> {
  readonly endpoint = COLLECTOR;
  readonly ackEndpoint = COLLECTOR_ACK;
  readonly #seen = new Set<number>();
  #sum = 0;

  handleCollection({ n, square }: { n: number; square: number }) {
    if (this.#seen.has(n)) throw new Error(`${n} was collected twice`);
    this.#seen.add(n);
    this.#sum += square;
    if (this.#seen.size === ITEMS / 2) process.send?.("half");
  }

  override handleFinished() {
    console.log(`${this.#seen.size} collected, each once, sum ${this.#sum}`);
  }
}

if (isMain(import.meta)) await new Squares().run({ signals: true });
