import { Distributor, Task } from "zmqpipeline";
import { COLLECTOR, COLLECTOR_ACK, ITEMS, SQUARE, WORKER } from "./settings.ts";

class Numbers extends Task<{ n: number }> {
  readonly taskType = SQUARE;
  readonly endpoint = WORKER;
  override readonly retry = { attempts: 2 };

  override *items() {
    for (let n = 1; n <= ITEMS; n++) yield { n };
  }
}

const distributor = new Distributor({ collectorEndpoint: COLLECTOR, collectorAckEndpoint: COLLECTOR_ACK });
distributor.registerTask(Numbers);
const { tasks } = await distributor.run({ signals: true });
console.log(`distributor: ${tasks.square?.acked} acked, ${tasks.square?.failed} failed`);
