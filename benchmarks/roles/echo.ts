// echo.ts worker | collector | distributor ITEMS BYTES: runs items of BYTES bytes, whose results are as large.
import { randomBytes } from "node:crypto";
import { Collector, Distributor, SingleThreadedWorker, Task } from "zmqpipeline";
import { BENCH, COLLECTOR, COLLECTOR_ACK, SECURITY, WORKER } from "./settings.ts";

interface Load {
  readonly bytes?: Uint8Array;
}

const [role, items = 1, size = 0] = process.argv
  .slice(2)
  .map((arg, index) => (index === 0 ? arg : Number(arg)));
const item: Load = size === 0 ? {} : { bytes: randomBytes(Number(size)) };

class EchoWorker extends SingleThreadedWorker<Load, Load> {
  readonly taskType = BENCH;
  readonly endpoint = WORKER;
  readonly collectorEndpoint = COLLECTOR;
  override readonly security = SECURITY;
  handleExecution(data: Load) {
    return data;
  }
}

class EchoCollector extends Collector<Load> {
  readonly endpoint = COLLECTOR;
  readonly ackEndpoint = COLLECTOR_ACK;
  override readonly security = SECURITY;
  handleCollection({ bytes }: Load) {
    if ((bytes?.length ?? 0) !== size) throw new Error("A result is not what was sent");
  }
}

class EchoTask extends Task<Load> {
  readonly taskType = BENCH;
  readonly endpoint = WORKER;
  startedAt = 0;
  override *items() {
    this.startedAt = performance.now();
    for (let n = 0; n < Number(items); n++) yield item;
  }
}

async function distribute(): Promise<void> {
  const options = { collectorEndpoint: COLLECTOR, collectorAckEndpoint: COLLECTOR_ACK, security: SECURITY };
  const distributor = new Distributor(options);
  const task = new EchoTask();
  distributor.registerTask(task);
  await distributor.run();
  console.log(JSON.stringify({ ms: performance.now() - task.startedAt }));
}

if (role === "worker") await new EchoWorker().run();
else if (role === "collector") await new EchoCollector().run();
else await distribute();
