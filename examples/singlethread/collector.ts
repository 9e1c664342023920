import { Collector, isMain } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK } from "./settings.ts";

class CalculationCollector extends Collector {
  readonly endpoint = COLLECTOR;
  readonly ackEndpoint = COLLECTOR_ACK;

  handleCollection() {}
}

if (isMain(import.meta)) await new CalculationCollector().run({ signals: true });
