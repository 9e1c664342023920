import { Collector } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK } from "./settings.ts";

class BenchCollector extends Collector {
  readonly endpoint = COLLECTOR;
  readonly ackEndpoint = COLLECTOR_ACK;
  handleCollection() {}
}

await new BenchCollector().run();
console.log(JSON.stringify({ rss: process.resourceUsage().maxRSS * 1024 }));
