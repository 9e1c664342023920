import { Collector, isMain, type Payload } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK, type Parameters } from "./settings.ts";

class ScaleCollector extends Collector<{ scaled: number }, Payload, Parameters> {
  readonly endpoint = COLLECTOR;
  readonly ackEndpoint = COLLECTOR_ACK;
  readonly #results: number[] = [];

  handleCollection({ scaled }: { scaled: number }) {
    this.#results.push(scaled);
  }

  override handleFinished() {
    const complete = this.#results.length === this.metadata.items;
    console.log(`collector: ${this.#results.join(", ")}${complete ? "" : " (some are missing)"}`);
  }
}

if (isMain(import.meta)) await new ScaleCollector().run({ signals: true });
