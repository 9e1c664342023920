import { Collector, getLogger, isMain } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK } from "./settings.ts";

const log = getLogger("zmqpipeline.collector.GreetingCollector");

class GreetingCollector extends Collector<{ greeting: string }> {
  readonly endpoint = COLLECTOR;
  readonly ackEndpoint = COLLECTOR_ACK;

  handleCollection({ greeting }: { greeting: string }) {
    log.info("{greeting}", { greeting });
  }
}

if (isMain(import.meta)) await new GreetingCollector().run({ signals: true });
