import { Distributor } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK } from "./settings.ts";
import { GreetingTask } from "./tasks.ts";

const distributor = new Distributor({ collectorEndpoint: COLLECTOR, collectorAckEndpoint: COLLECTOR_ACK });
distributor.registerTask(GreetingTask);
await distributor.run({ signals: true });
