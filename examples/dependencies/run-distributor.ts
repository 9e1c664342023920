import { Distributor } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK } from "./settings.ts";
import { FirstTask, SecondTask } from "./tasks.ts";

const distributor = new Distributor({ collectorEndpoint: COLLECTOR, collectorAckEndpoint: COLLECTOR_ACK });
distributor.registerTask(FirstTask);
distributor.registerTask(SecondTask);
await distributor.run({ signals: true });
