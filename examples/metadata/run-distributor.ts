import { Distributor } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK, METADATA } from "./settings.ts";
import { ScaleTask } from "./tasks.ts";

const distributor = new Distributor({
  collectorEndpoint: COLLECTOR,
  collectorAckEndpoint: COLLECTOR_ACK,
  receiveMetadata: true,
  metadataEndpoint: METADATA,
});
distributor.registerTask(ScaleTask);
await distributor.run({ signals: true });
