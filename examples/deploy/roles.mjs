// All roles of a run over several machines. The environment, the same on all machines, says at which address each role listens.
import { Collector, EndpointAddress, SingleThreadedWorker, Task, TaskType } from "zmqpipeline";

const { DISTRIBUTOR, COLLECTOR, COLLECTOR_ACK, ITEMS = "1000" } = process.env;
const HASH = TaskType.register("hash");
const at = (address) => new EndpointAddress(address ?? "tcp://localhost:5550");

export class Numbers extends Task {
  taskType = HASH;
  endpoint = at(DISTRIBUTOR);
  total = Number(ITEMS);
  *items() {
    for (let n = 0; n < this.total; n++) yield { n };
  }
}

export class Hasher extends SingleThreadedWorker {
  taskType = HASH;
  endpoint = at(DISTRIBUTOR);
  collectorEndpoint = at(COLLECTOR);
  async initWorker() {
    this.crypto = await import("node:crypto");
  }
  handleExecution({ n }) {
    return { n, hash: this.crypto.createHash("sha256").update(String(n)).digest("hex") };
  }
}

export class Hashes extends Collector {
  endpoint = at(COLLECTOR);
  ackEndpoint = at(COLLECTOR_ACK);
  count = 0;
  handleCollection() {
    this.count += 1;
  }
  handleFinished() {
    console.log(`${this.count} hashes`);
  }
}
